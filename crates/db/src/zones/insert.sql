-- zones/insert: many zones of one document in one statement
insert into public.zones (
  document_id, version, processing_tool, status, id, zone_index, page_number, zone_type, coordinates, content,
  confidence, metadata)
select $1, $2, $3, 'completed', z.id, z.zone_index, z.page_number, z.zone_type, z.coordinates, z.content,
       z.confidence::numeric, z.metadata
from unnest($4::uuid[], $5::int4[], $6::int4[], $7::text[], $8::jsonb[], $9::text[], $10::float8[], $11::jsonb[])
  as z (id, zone_index, page_number, zone_type, coordinates, content, confidence, metadata)
