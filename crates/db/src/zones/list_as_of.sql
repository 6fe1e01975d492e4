-- zones/list_as_of: zones of a version of a document as they were at a revision, in reading order, after a zone_index: the
-- rows that have not changed since, and the states of those that have
select document_id, id, zone_index, page_number, zone_type, coordinates, content, confidence::float8 as confidence,
       processing_tool, status, created_at, updated_at, metadata, version, revision, zones_revision, label,
       external_id, parent_id, language, processing_model, job_id, source, original, created_by
from (
  (select z.* from public.zones z
   where z.document_id = $1 and z.version = $2 and z.zones_revision <= $3 and z.zone_index > $4
     and ($5::int4 is null or z.page_number = $5)
     and ($6::text is null or z.zone_type = $6)
     and ($7::text is null or z.status = $7)
     and ($9::float8 is null or z.confidence >= $9::float8::numeric)
     and ($10::float8 is null or z.confidence <= $10::float8::numeric)
     and ($11::text is null or z.processing_tool = $11)
     and ($12::uuid is null or z.parent_id = $12)
   order by z.zone_index limit $8)
  union all
  (select r.* from public.zone_history h
   cross join lateral jsonb_populate_record(null::public.zones, h.zone) r
   where h.document_id = $1 and h.version = $2 and h.zones_revision <= $3 and h.until_revision > $3
     and h.zone_index > $4
     and ($5::int4 is null or r.page_number = $5)
     and ($6::text is null or r.zone_type = $6)
     and ($7::text is null or r.status = $7)
     and ($9::float8 is null or r.confidence >= $9::float8::numeric)
     and ($10::float8 is null or r.confidence <= $10::float8::numeric)
     and ($11::text is null or r.processing_tool = $11)
     and ($12::uuid is null or r.parent_id = $12)
   order by h.zone_index limit $8)) as zones
order by zone_index
limit $8
