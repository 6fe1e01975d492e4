-- undo/delete: zones go
delete from public.zones where document_id = $1 and id = any ($2)
