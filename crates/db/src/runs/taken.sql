-- runs/taken: which of these identifiers zones of the document have
select id from public.zones where document_id = $1 and id = any($2)
