-- imported_zones/upsert: the zones that waited become the document's, in one statement; what a person changed stays, and
-- the tool's new word goes under it. What is as it was is not written
with written as (
  insert into public.zones as z (
    document_id, version, processing_tool, processing_model, zones_revision, status, id, zone_index, page_number, zone_type, coordinates,
    content, confidence, label, external_id, parent_id, language, source, metadata)
  select $1, $2, $3, $4, $5, 'completed', s.id, s.zone_index, s.page_number, s.zone_type, s.coordinates, s.content,
         s.confidence, s.label, s.external_id, s.parent_id, s.language, s.source, s.metadata
  from colophon.imported_zones s
  where s.transaction_id = pg_current_xact_id()
  order by s.zone_index
  on conflict (document_id, id) do update
  set content = case when z.original ? 'content' then z.content else excluded.content end,
      zone_type = case when z.original ? 'zone_type' then z.zone_type else excluded.zone_type end,
      coordinates = case when z.original ? 'coordinates' then z.coordinates else excluded.coordinates end,
      status = case when z.original ? 'status' or z.status = 'verified' then z.status else excluded.status end,
      original = z.original
        || case when z.original ? 'content' then jsonb_build_object('content', excluded.content) else '{}' end
        || case when z.original ? 'zone_type' then jsonb_build_object('zone_type', excluded.zone_type) else '{}' end
        || case when z.original ? 'coordinates' then jsonb_build_object('coordinates', excluded.coordinates) else '{}' end,
      page_number = excluded.page_number, confidence = excluded.confidence, label = excluded.label,
      external_id = excluded.external_id, parent_id = excluded.parent_id, language = excluded.language,
      source = excluded.source, metadata = excluded.metadata, processing_model = excluded.processing_model
  where (z.page_number, z.confidence, z.label, z.external_id, z.parent_id, z.language, z.source, z.metadata,
         z.processing_model, coalesce(z.original -> 'content', to_jsonb(z.content)),
         coalesce(z.original ->> 'zone_type', z.zone_type), coalesce(z.original -> 'coordinates', z.coordinates))
    is distinct from (excluded.page_number, excluded.confidence, excluded.label, excluded.external_id, excluded.parent_id,
         excluded.language, excluded.source, excluded.metadata, excluded.processing_model, to_jsonb(excluded.content),
         excluded.zone_type, excluded.coordinates)
  returning z.revision = 1 as inserted
)
select count(*) filter (where written.inserted) as inserted, count(*) filter (where not written.inserted) as updated,
       (select count(*) from colophon.imported_zones s where s.transaction_id = pg_current_xact_id()) as total
from written
