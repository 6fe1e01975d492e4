-- documents/insert: a document whose object is already in the store
insert into public.documents (
  id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status, status_detail,
  uploaded_by, metadata, sha256, version, tags)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
returning id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
          status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
          deleted_by, legal_hold, tags
