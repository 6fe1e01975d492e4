-- documents/lock_to_edit: hold a document that the scope may edit, so that versions are made one after the other; and
-- the number of its next version
select greatest(d.version, (select max(v.version) from public.document_versions v where v.document_id = d.id)) + 1
  as next_version
from public.documents d
where d.id = $1
for update of d
