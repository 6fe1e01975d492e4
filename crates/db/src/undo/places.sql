-- undo/places: where every zone of a document stands in the reading order
select id, version, zone_index from public.zones where document_id = $1
