-- zones/last_indexes: the last place in the reading order that is taken on each of these pages, of its 10,000
select p.page_number, (
  select z.zone_index
  from public.zones z
  where z.document_id = $1 and z.version = $2
    and z.zone_index >= (p.page_number - 1) * $4::int8 and z.zone_index < p.page_number * $4::int8
  order by z.zone_index desc
  limit 1) as zone_index
from unnest($3::int4[]) as p (page_number)
