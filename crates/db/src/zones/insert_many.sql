-- zones/insert_many: new zones of one document by the platform, with the revision of the change that it opened
insert into public.zones (
  document_id, version, processing_tool, processing_model, job_id, zones_revision, id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id,
  parent_id, language, source, metadata)
select $1, $2, $3, $4, $5, $6, g.id, g.zone_index, g.page_number, g.zone_type, g.coordinates::jsonb, g.content,
       g.confidence::numeric, g.status, g.label, g.external_id, g.parent_id, g.language, g.source::jsonb,
       g.metadata::jsonb
from unnest(
  $7::uuid[], $8::int4[], $9::int4[], $10::text[], $11::text[], $12::text[], $13::float8[], $14::text[], $15::text[],
  $16::text[], $17::uuid[], $18::text[], $19::text[], $20::text[])
  as g (
  id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id,
  parent_id, language, source, metadata)
