-- documents/find_for_person: as documents/list_for_person, with filters. Sent unprepared, as documents/list.
with own as (
  select *
  from public.documents
  where uploaded_by = $7
    and deleted_at is null
    and ($1::text is null or status = $1)
    and ($2::text is null or uploaded_by = $2)
    and ($3::text is null or strpos(lower(filename), lower($3)) > 0)
    and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid))
  order by created_at desc, id desc
  limit $6
), shared as (
  select *
  from public.documents
  where id = any (array(select colophon.shared_documents('viewer')))
    and uploaded_by is distinct from $7
    and deleted_at is null
    and ($1::text is null or status = $1)
    and ($2::text is null or uploaded_by = $2)
    and ($3::text is null or strpos(lower(filename), lower($3)) > 0)
    and ($4::timestamptz is null or (created_at, id) < ($4, $5::uuid))
  order by created_at desc, id desc
  limit $6
)
select id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
       status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
       deleted_by, legal_hold, tags
from (table own union all table shared) documents
order by created_at desc, id desc
limit $6
