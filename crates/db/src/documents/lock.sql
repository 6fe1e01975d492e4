-- documents/lock: one document that the scope may edit, kept as it is until the transaction ends
select id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
       status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
       deleted_by, legal_hold, tags
from public.documents
where id = $1
for no key update
