-- runs/refresh: zones that stay the zones they are take what the run says of them
update public.zones z
set processing_tool = $2, processing_model = $3, job_id = $4, zone_index = n.zone_index, page_number = n.page_number,
    zone_type = n.zone_type, coordinates = n.coordinates, content = n.content, confidence = n.confidence::numeric,
    status = n.status, label = n.label, external_id = n.external_id, parent_id = n.parent_id, language = n.language,
    source = n.source, metadata = n.metadata, original = n.original
from unnest($5::uuid[], $6::int4[], $7::int4[], $8::text[], $9::jsonb[], $10::text[], $11::float8[], $12::text[],
            $13::text[], $14::text[], $15::uuid[], $16::text[], $17::jsonb[], $18::jsonb[], $19::jsonb[])
  as n (id, zone_index, page_number, zone_type, coordinates, content, confidence, status, label, external_id, parent_id,
        language, source, metadata, original)
where z.document_id = $1 and z.id = n.id
