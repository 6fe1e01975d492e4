-- reading_orders/get: one order of a version of a document, by default of the current one
select document_id, version, name, items, revision, created_by, created_at, updated_at
from public.reading_orders
where document_id = $1
  and version = coalesce($2::int4, (select d.version from public.documents d where d.id = $1))
  and name = $3
