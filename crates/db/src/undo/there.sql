-- undo/there: which of these zones are there
select id from public.zones where document_id = $1 and id = any ($2)
