-- runs/greatest_index: the greatest number that a zone of the version has
select coalesce(max(zone_index), -1) as zone_index from public.zones where document_id = $1 and version = $2
