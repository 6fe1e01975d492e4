-- fsck/current_versions: documents that have versions, and not the one they call current
select f.document_id, f.key, f.detail
from (
  select d.id as document_id, d.id::text collate "C" as key,
         'version ' || d.version || ' is called current; there is ' || v.newest as detail
  from public.documents d
  join (select w.document_id, max(w.version) as newest from public.document_versions w group by w.document_id) v
    on v.document_id = d.id
  where not exists (select from public.document_versions w where w.document_id = d.id and w.version = d.version)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
