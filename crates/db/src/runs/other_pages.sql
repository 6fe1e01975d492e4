-- runs/other_pages: the numbers that the pages take which a run did not read
select page_number, min(zone_index) as first, max(zone_index) as last
from public.zones
where document_id = $1 and version = $2 and page_number <> all($3)
group by page_number
