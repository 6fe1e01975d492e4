-- zones/list: zones of a version of a document, by default the current one, in reading order, after a zone_index
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision, zones_revision, label,
       external_id, parent_id, language, processing_model, job_id, source, original, created_by
from public.zones
where document_id = $1
  and version = coalesce($7::int4, (select d.version from public.documents d where d.id = $1))
  and ($2::int4 is null or page_number = $2)
  and ($3::text is null or zone_type = $3)
  and ($4::text is null or status = $4)
  and ($8::float8 is null or confidence >= $8::float8::numeric)
  and ($9::float8 is null or confidence <= $9::float8::numeric)
  and ($10::text is null or processing_tool = $10)
  and ($11::uuid is null or parent_id = $11)
  and zone_index > $5
order by zone_index
limit $6
