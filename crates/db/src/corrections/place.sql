-- corrections/place: zones get their places in the reading order
update public.zones z
set zone_index = moved.zone_index
from unnest($2::uuid[], $3::int4[]) as moved (id, zone_index)
where z.document_id = $1 and z.id = moved.id
