-- undo/insert: zones come back as they were
insert into public.zones (
  document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence, processing_tool, status,
  created_at, metadata, version, label, external_id, parent_id, language, processing_model, job_id, source, original,
  created_by)
select $1, z.id, z.zone_index, z.page_number, z.zone_type, z.coordinates, z.content, z.confidence, z.processing_tool,
       z.status, z.created_at, z.metadata, z.version, z.label, z.external_id, z.parent_id, z.language,
       z.processing_model, z.job_id, z.source, z.original, z.created_by
from jsonb_populate_recordset(null::public.zones, $2::jsonb) as z
