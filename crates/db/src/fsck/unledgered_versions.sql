-- fsck/unledgered_versions: versions whose object the ledger does not know as stored
select f.document_id, f.key, f.detail
from (
  select v.document_id, v.storage_path collate "C" as key,
         'version ' || v.version || ' names it; the ledger ' || coalesce('says ' || o.state, 'does not know it') as detail
  from public.document_versions v
  left join colophon.objects o on o.document_id = v.document_id and o.storage_path = v.storage_path collate "C"
  where o.state is distinct from 'stored'
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
