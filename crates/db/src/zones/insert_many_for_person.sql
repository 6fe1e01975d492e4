-- zones/insert_many_for_person: new zones of one document by a person; the trigger knows the revision, and whose they are
insert into public.zones (
  document_id, version, processing_tool, processing_model, job_id, id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id,
  parent_id, language, source, metadata)
select $1, $2, $3, $4, $5, g.id, g.zone_index, g.page_number, g.zone_type, g.coordinates::jsonb, g.content,
       g.confidence::numeric, g.status, g.label, g.external_id, g.parent_id, g.language, g.source::jsonb,
       g.metadata::jsonb
from unnest(
  $6::uuid[], $7::int4[], $8::int4[], $9::text[], $10::text[], $11::text[], $12::float8[], $13::text[], $14::text[],
  $15::text[], $16::uuid[], $17::text[], $18::text[], $19::text[])
  as g (
  id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id,
  parent_id, language, source, metadata)
