-- zones/standing: which of these places in the reading order of a version are taken, and by what
select z.zone_index, z.id, z.status, coalesce(z.original ? 'status', false) as judged,
       z.created_by is not null as drawn
from public.zones z
where z.document_id = $1 and z.version = $2 and z.zone_index = any($3)
