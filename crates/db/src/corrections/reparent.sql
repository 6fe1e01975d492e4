-- corrections/reparent: the parts of these zones become parts of another one, or of none
update public.zones
set parent_id = $3
where document_id = $1 and parent_id = any($2) and id <> all($2)
