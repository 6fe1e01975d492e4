-- corrections/before: a zone as it was at the newest of these revisions of its own, from its history
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision, zones_revision, label,
       external_id, parent_id, language, processing_model, job_id, source, original, created_by
from (
  select (jsonb_populate_record(null::public.zones, h.zone)).*
  from public.zone_history h
  where h.document_id = $1 and h.zone_id = $2) was
where $3::int8[] is null or revision = any($3::int8[])
order by revision desc
limit 1
