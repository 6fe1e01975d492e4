-- pages/list: pages of a version in order, after a page number
select page_number, width, height, rotation, mediabox, cropbox, user_unit
from public.document_pages
where document_id = $1 and version = $2 and page_number > $3
order by page_number
limit $4
