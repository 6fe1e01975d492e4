-- documents/trash: into the trash, if the scope may; the trigger documents_trash has the last word
update public.documents set deleted_at = now()
where id = $1 and deleted_at is null
returning id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
          status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
          deleted_by, legal_hold, tags
