-- zones/get_as_of: one zone of a document as it was at a revision
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision, zones_revision, label,
       external_id, parent_id, language, processing_model, job_id, source, original, created_by
from (
  select z.* from public.zones z where z.document_id = $1 and z.id = $2 and z.zones_revision <= $3
  union all
  select r.* from public.zone_history h
  cross join lateral jsonb_populate_record(null::public.zones, h.zone) r
  where h.document_id = $1 and h.zone_id = $2 and h.zones_revision <= $3 and h.until_revision > $3) as zones
