-- documents/list_oldest: as documents/list, the other way round.
select id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
       status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
       deleted_by, legal_hold, tags
from public.documents
where deleted_at is null
  and ($1::text is null or status = $1)
  and ($2::text is null or uploaded_by = $2)
  and ($3::text is null or strpos(lower(filename), lower($3)) > 0)
  and ($4::timestamptz is null or (created_at, id) > ($4, $5::uuid))
order by created_at, id
limit $6
