-- fsck/unledgered_exports: files of exports that the ledger does not know as stored; what has the form of our own files
select f.document_id, f.key, f.detail
from (
  select e.document_id, (n.file ->> 'storage_path') collate "C" as key,
         'export ' || e.id || ' names it; the ledger ' || coalesce('says ' || o.state, 'does not know it') as detail
  from public.export_records e
  cross join lateral jsonb_array_elements(
    case jsonb_typeof(e.file_paths) when 'array' then e.file_paths else '[]' end) as n (file)
  left join colophon.objects o on o.document_id = e.document_id
    and o.storage_path = (n.file ->> 'storage_path') collate "C"
  where o.state is distinct from 'stored'
    and split_part(n.file ->> 'storage_path', '/', 2) = e.document_id::text
    and n.file ->> 'size_bytes' ~ '^[0-9]{1,18}$' and n.file ->> 'sha256' ~ '^[0-9a-f]{64}$'
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
