-- documents/get: one document by its identifier
select id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
       status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
       deleted_by, legal_hold, tags
from public.documents
where id = $1
