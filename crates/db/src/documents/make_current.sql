-- documents/make_current: a version becomes the current one; the trigger documents_follow_version does the rest
update public.documents set version = $2
where id = $1
returning id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
          status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
          deleted_by, legal_hold, tags
