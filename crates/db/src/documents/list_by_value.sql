-- documents/list_by_value: live ones that have a plain value in the metadata ($7), by this value; $8 is the value of the
-- last one seen. Only with these tags or values as well ($9, $10). Sent unprepared, as documents/list.
select d.id, d.filename, d.original_filename, d.file_size_bytes, d.page_count, d.mime_type, d.storage_path, d.status,
       d.status_detail, d.uploaded_by, d.created_at, d.updated_at, d.metadata, d.sha256, d.version, d.revision,
       d.deleted_at, d.deleted_by, d.legal_hold, d.tags, f.value as sort_value
from colophon.document_fields f
join public.documents d on d.id = f.document_id
where f.field = $7
  and ($8::text is null or (f.value, f.created_at, f.document_id) > ($8 collate "C", $4::timestamptz, $5::uuid))
  and d.deleted_at is null
  and ($1::text is null or d.status = $1)
  and ($2::text is null or f.uploaded_by = $2)
  and ($3::text is null or strpos(lower(d.filename), lower($3)) > 0)
  and ($9::text[] = '{}' or not exists (
    select from unnest($9, $10::text[]) w (field, value)
    where not exists (
      select from colophon.document_fields o
      where o.document_id = f.document_id and o.field = w.field and o.value = colophon.field_value(w.value))))
order by f.value, f.created_at, f.document_id
limit $6
