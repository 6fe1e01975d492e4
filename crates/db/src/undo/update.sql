-- undo/update: zones become what they will be. The rows lie in an object by their identifiers and are looked up in it: a
-- join with rows whose number the server cannot guess may be one of each with each.
update public.zones z
set (zone_index, page_number, zone_type, coordinates, content, confidence, processing_tool, status, metadata, label,
     external_id, parent_id, language, processing_model, job_id, source, original, created_by) = (
  select u.zone_index, u.page_number, u.zone_type, u.coordinates, u.content, u.confidence, u.processing_tool, u.status,
         u.metadata, u.label, u.external_id, u.parent_id, u.language, u.processing_model, u.job_id, u.source, u.original,
         u.created_by
  from jsonb_populate_record(null::public.zones, $3::jsonb -> z.id::text) as u)
where z.document_id = $1 and z.id = any ($2)
