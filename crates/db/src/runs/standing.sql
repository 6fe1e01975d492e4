-- runs/standing: every zone of a version on these pages, in reading order
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision, zones_revision, label,
       external_id, parent_id, language, processing_model, job_id, source, original, created_by
from public.zones
where document_id = $1 and version = $2 and page_number = any($3)
order by zone_index
