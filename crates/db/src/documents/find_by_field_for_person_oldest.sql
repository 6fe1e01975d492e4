-- documents/find_by_field_for_person_oldest: as documents/find_by_field_oldest,
-- for a person: their own, and what others share with them, each as far as the limit.
with own as (
  select d.*
  from colophon.document_fields f
  join public.documents d on d.id = f.document_id
  where f.uploaded_by = $11
    and f.field = $7
    and f.value = colophon.field_value($8::text)
    and d.deleted_at is null
    and ($1::text is null or d.status = $1)
    and ($2::text is null or f.uploaded_by = $2)
    and ($3::text is null or strpos(lower(d.filename), lower($3)) > 0)
    and ($4::timestamptz is null or (f.created_at, f.document_id) > ($4, $5::uuid))
    and ($9::text[] = '{}' or not exists (
      select from unnest($9, $10::text[]) w (field, value)
      where not exists (
        select from colophon.document_fields o
        where o.document_id = f.document_id and o.field = w.field and o.value = colophon.field_value(w.value))))
  order by f.created_at, f.document_id
  limit $6
), shared as (
  select d.*
  from colophon.document_fields f
  join public.documents d on d.id = f.document_id
  where d.id = any (array(select colophon.shared_documents('viewer')))
    and d.uploaded_by is distinct from $11
    and f.field = $7
    and f.value = colophon.field_value($8::text)
    and d.deleted_at is null
    and ($1::text is null or d.status = $1)
    and ($2::text is null or f.uploaded_by = $2)
    and ($3::text is null or strpos(lower(d.filename), lower($3)) > 0)
    and ($4::timestamptz is null or (f.created_at, f.document_id) > ($4, $5::uuid))
    and ($9::text[] = '{}' or not exists (
      select from unnest($9, $10::text[]) w (field, value)
      where not exists (
        select from colophon.document_fields o
        where o.document_id = f.document_id and o.field = w.field and o.value = colophon.field_value(w.value))))
  order by f.created_at, f.document_id
  limit $6
)
select id, filename, original_filename, file_size_bytes, page_count, mime_type, storage_path, status,
       status_detail, uploaded_by, created_at, updated_at, metadata, sha256, version, revision, deleted_at,
       deleted_by, legal_hold, tags
from (table own union all table shared) documents
order by created_at, id
limit $6
