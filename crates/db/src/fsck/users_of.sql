-- fsck/users_of: documents that use an object by a version of theirs
select o.document_id, o.file_size_bytes, o.sha256
from colophon.objects o
where o.storage_path = $1 and o.state = 'stored'
  and exists (select from public.document_versions v
    where v.document_id = o.document_id and v.storage_path collate "C" = o.storage_path)
order by o.document_id
for update
