-- imported_zones/stage: some of a file's zones, to wait until all are there
insert into colophon.imported_zones (
  ordinal, page_number, position, key, parent_key, id, id_given, zone_type, coordinates, content, confidence, label,
  external_id, language, source, metadata)
select z.ordinal, z.page_number, z.position, z.key, z.parent_key, z.id, z.id_given, z.zone_type, z.coordinates, z.content,
       z.confidence::numeric, z.label, z.external_id, z.language, z.source, z.metadata
from unnest($1::int8[], $2::int4[], $3::int8[], $4::text[], $5::text[], $6::uuid[], $7::bool[], $8::text[], $9::jsonb[],
            $10::text[], $11::float8[], $12::text[], $13::text[], $14::text[], $15::jsonb[], $16::jsonb[])
  as z (ordinal, page_number, position, key, parent_key, id, id_given, zone_type, coordinates, content, confidence, label,
        external_id, language, source, metadata)
