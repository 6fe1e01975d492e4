-- undo/parts: the parts of zones that are to be deleted
select id, parent_id, zones_revision from public.zones where document_id = $1 and parent_id = any ($2)
