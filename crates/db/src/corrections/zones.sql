-- corrections/zones: these zones of a document, in reading order
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision, zones_revision, label,
       external_id, parent_id, language, processing_model, job_id, source, original, created_by
from public.zones
where document_id = $1 and id = any($2)
order by zone_index, id
