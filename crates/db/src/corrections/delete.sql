-- corrections/delete: these zones go; their history stays
delete from public.zones
where document_id = $1 and id = any($2)
