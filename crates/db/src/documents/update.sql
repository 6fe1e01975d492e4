-- documents/update: what people edit; null leaves a column as it is
update public.documents
set filename = coalesce($2, filename), metadata = coalesce($3, metadata), tags = coalesce($4, tags)
where id = $1
returning id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
          status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
          deleted_by, legal_hold, tags
