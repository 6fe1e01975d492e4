-- zones/get: one zone of a document
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision
from public.zones
where document_id = $1 and id = $2
