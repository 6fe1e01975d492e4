-- runs/place: zones get their number and their parent
update public.zones z
set zone_index = p.zone_index, parent_id = p.parent_id
from unnest($2::uuid[], $3::int4[], $4::uuid[]) as p (id, zone_index, parent_id)
where z.document_id = $1 and z.id = p.id
