-- documents/restore: out of the trash
update public.documents set deleted_at = null
where id = $1 and deleted_at is not null
returning id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
          status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
          deleted_by, legal_hold, tags
