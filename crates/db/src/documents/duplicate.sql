-- documents/duplicate: the document of an owner that has this file, rather one that is not in the trash, rather as its
-- current version, rather the oldest
select d.id, d.filename, d.deleted_at is not null as in_trash, v.version, v.storage_path, v.file_size_bytes
from public.document_versions v
join public.documents d on d.id = v.document_id
where v.sha256 = $2 and d.uploaded_by = $1
order by d.deleted_at is not null, d.version <> v.version, d.created_at, d.id
limit 1
