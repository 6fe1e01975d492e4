-- corrections/as_of: these zones as they were at a revision of the document's zones
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision, zones_revision, label,
       external_id, parent_id, language, processing_model, job_id, source, original, created_by
from (
  select z.* from public.zones z
  where z.document_id = $1 and z.id = any($2) and z.zones_revision <= $3
  union all
  select (jsonb_populate_record(null::public.zones, h.zone)).*
  from public.zone_history h
  where h.document_id = $1 and h.zone_id = any($2) and h.zones_revision <= $3 and h.until_revision > $3) was
order by zone_index, id
