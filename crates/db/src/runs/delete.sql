-- runs/delete: zones that the run did not find again
delete from public.zones where document_id = $1 and id = any($2)
