-- undo/park: zones step aside, so that others can take their places
update public.zones z set zone_index = p.zone_index
from unnest($2::uuid[], $3::int4[]) as p (id, zone_index)
where z.document_id = $1 and z.id = p.id
