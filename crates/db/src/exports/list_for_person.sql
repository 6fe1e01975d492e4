-- exports/list_for_person: as exports/list, of documents that a person owns or that others share with them. The owner's
-- documents are joined by name, so that the planner, who knows how many they are, begins with them or with the newest
-- exports, whichever is less.
with own as (
  select c.*
  from public.export_records c
  join public.documents d on d.id = c.document_id
  where d.uploaded_by = $4
    and ($1::timestamptz is null or (c.created_at, c.id) < ($1, $2::uuid))
  order by c.created_at desc, c.id desc
  limit $3
), shared as (
  select c.*
  from public.export_records c
  join public.documents d on d.id = c.document_id
  where c.document_id = any (array(select colophon.shared_documents('viewer')))
    and d.uploaded_by is distinct from $4
    and ($1::timestamptz is null or (c.created_at, c.id) < ($1, $2::uuid))
  order by c.created_at desc, c.id desc
  limit $3
)
select document_id, id, export_type, formats, status, file_paths, validation_results, selection, started_at,
       completed_at, file_size_bytes, created_by, created_at
from (table own union all table shared) exports
order by created_at desc, id desc
limit $3
