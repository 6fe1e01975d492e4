-- documents/list_for_person: what a person may see, newest first: their own by the index of owners, and what others
-- share with them, each as far as the limit. Prepared, since planning costs more than running; so there always is a
-- cursor, beyond all rows to begin with. COALESCE would not do: PostgreSQL does not know it to be leakproof, and under
-- row-level security each row up to the cursor would be read.
with own as (
  select *
  from public.documents
  where uploaded_by = $1
    and deleted_at is null
    and (created_at, id) < ($2, $3)
  order by created_at desc, id desc
  limit $4
), shared as (
  select *
  from public.documents
  where id = any (array(select colophon.shared_documents('viewer')))
    and uploaded_by is distinct from $1
    and deleted_at is null
    and (created_at, id) < ($2, $3)
  order by created_at desc, id desc
  limit $4
)
select id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
       status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
       deleted_by, legal_hold, tags
from (table own union all table shared) documents
order by created_at desc, id desc
limit $4
