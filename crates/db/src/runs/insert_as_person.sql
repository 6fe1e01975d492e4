-- runs/insert_as_person: as runs/insert; a person may not name the revision, so a trigger does
insert into public.zones (
  document_id, version, processing_tool, processing_model, job_id, id, zone_index, page_number, zone_type, coordinates,
  content, confidence, status, label, external_id, parent_id, language, source, metadata)
select $1, $2, $3, $4, $5, z.id, z.zone_index, z.page_number, z.zone_type, z.coordinates, z.content,
       z.confidence::numeric, z.status, z.label, z.external_id, z.parent_id, z.language, z.source, z.metadata
from unnest($6::uuid[], $7::int4[], $8::int4[], $9::text[], $10::jsonb[], $11::text[], $12::float8[], $13::text[],
            $14::text[], $15::text[], $16::uuid[], $17::text[], $18::jsonb[], $19::jsonb[])
  as z (id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id, parent_id,
        language, source, metadata)
