-- runs/park: zones that get another number leave theirs, and their parent, so that no two meet on the way
update public.zones z
set zone_index = p.zone_index, parent_id = null
from unnest($2::uuid[], $3::int4[]) as p (id, zone_index)
where z.document_id = $1 and z.id = p.id
