-- fsck/rows: rows of documents that are gone; of zones, which are many, one for each document is looked at
with recursive zoned as (
  (select z.document_id from public.zones z order by z.document_id limit 1)
  union all
  select (select z.document_id from public.zones z where z.document_id > before.document_id order by z.document_id limit 1)
  from zoned before where before.document_id is not null
), named as (
  select 'zones' as name, z.document_id from zoned z where z.document_id is not null
  union all select 'document_versions', v.document_id from public.document_versions v
  union all select 'document_pages', p.document_id from public.document_pages p where p.page_number = 1
  union all select 'processing_jobs', j.document_id from public.processing_jobs j
  union all select 'export_records', e.document_id from public.export_records e
  union all select 'document_changes', c.document_id from public.document_changes c where c.revision = 1
  union all select 'reading_orders', o.document_id from public.reading_orders o
  union all select 'document_accesses', a.document_id from public.document_accesses a
)
select f.document_id, f.key, f.detail
from (
  select n.document_id, (n.name || '/' || n.document_id) collate "C" as key, 'rows of a document that is not there' as detail
  from named n
  where not exists (select from public.documents d where d.id = n.document_id)
  group by n.name, n.document_id
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
