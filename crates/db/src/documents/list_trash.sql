-- documents/list_trash: what is in the trash, put there last first. Tags and metadata are looked at row by row: the trash
-- is no part of colophon.document_fields. Sent unprepared, as documents/list.
select d.id, d.filename, d.original_filename, d.file_size_bytes, d.page_count, d.mime_type, d.storage_path, d.status,
       d.status_detail, d.uploaded_by, d.created_at, d.updated_at, d.metadata, d.sha256, d.version, d.revision,
       d.deleted_at, d.deleted_by, d.legal_hold, d.tags
from public.documents d
where d.deleted_at is not null
  and ($2::text is null or d.uploaded_by = $2)
  and ($1::text is null or d.status = $1)
  and ($3::text is null or strpos(lower(d.filename), lower($3)) > 0)
  and ($4::timestamptz is null or (d.deleted_at, d.id) < ($4, $5::uuid))
  and ($7::text[] = '{}' or not exists (
    select from unnest($7, $8::text[]) w (field, value)
    where not exists (
      select from colophon.fields_of(d.tags, d.metadata) f
      where f.field = w.field and f.value = colophon.field_value(w.value))))
order by d.deleted_at desc, d.id desc
limit $6
