-- undo/update: zones become what they will be
update public.zones z
set zone_index = u.zone_index, page_number = u.page_number, zone_type = u.zone_type, coordinates = u.coordinates,
    content = u.content, confidence = u.confidence, processing_tool = u.processing_tool, status = u.status,
    metadata = u.metadata, label = u.label, external_id = u.external_id, parent_id = u.parent_id,
    language = u.language, processing_model = u.processing_model, job_id = u.job_id, source = u.source,
    original = u.original, created_by = u.created_by
from jsonb_populate_recordset(null::public.zones, $2::jsonb) as u
where z.document_id = $1 and z.id = u.id
