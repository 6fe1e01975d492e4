-- fsck/pages: versions that have another number of pages than rows for them
select f.document_id, f.key, f.detail
from (
  select v.document_id, (v.document_id || '/' || v.version) collate "C" as key,
         'version ' || v.version || ' has ' || coalesce(v.page_count, 0) || ' pages and '
           || coalesce(p.rows, 0) || ' rows for them' as detail
  from public.document_versions v
  left join (
    select g.document_id, g.version, count(*) as rows from public.document_pages g group by g.document_id, g.version
  ) p on p.document_id = v.document_id and p.version = v.version
  where coalesce(v.page_count, 0) <> coalesce(p.rows, 0)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
