-- zones/known: which of these zones the document has
select z.id, z.zone_index, z.version
from public.zones z
where z.document_id = $1 and z.id = any($2)
