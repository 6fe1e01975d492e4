-- corrections/lock: hold a document that the scope may edit, so that its zones are changed one after the other
select d.deleted_at is not null as in_trash
from public.documents d
where d.id = $1
for no key update
