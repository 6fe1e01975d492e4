-- zones/delete_pages: what a tool found on these pages before; its new findings follow in the same transaction
delete from public.zones
where document_id = $1 and version = $2 and processing_tool = $3 and page_number = any($4)
