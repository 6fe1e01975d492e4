-- runs/renumber_others: what the pages beside the run's would be numbered in the ranges of their pages
select id, parent_id,
       (page_number - 1) * 10000 + (row_number() over (partition by page_number order by zone_index))::int4 - 1
         as zone_index
from public.zones
where document_id = $1 and version = $2 and page_number <> all($3)
