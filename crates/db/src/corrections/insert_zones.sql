-- corrections/insert_zones: zones that a person drew
insert into public.zones (
  document_id, version, id, zone_index, page_number, zone_type, coordinates, content, status, metadata, label,
  parent_id, language)
select $1, $2, z.id, z.zone_index, z.page_number, z.zone_type, z.coordinates, z.content, z.status, z.metadata,
       z.label, z.parent_id, z.language
from jsonb_to_recordset($3::jsonb)
  as z (id uuid, zone_index int4, page_number int4, zone_type text, coordinates jsonb, content text, status text,
        metadata jsonb, label text, parent_id uuid, language text)
