-- runs/insert: zones that are new, as part of the change $5
insert into public.zones (
  document_id, version, processing_tool, processing_model, zones_revision, job_id, id, zone_index, page_number, zone_type,
  coordinates, content, confidence, status, label, external_id, parent_id, language, source, metadata)
select $1, $2, $3, $4, $5, $6, z.id, z.zone_index, z.page_number, z.zone_type, z.coordinates, z.content,
       z.confidence::numeric, z.status, z.label, z.external_id, z.parent_id, z.language, z.source, z.metadata
from unnest($7::uuid[], $8::int4[], $9::int4[], $10::text[], $11::jsonb[], $12::text[], $13::float8[], $14::text[],
            $15::text[], $16::text[], $17::uuid[], $18::text[], $19::jsonb[], $20::jsonb[])
  as z (id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id, parent_id,
        language, source, metadata)
