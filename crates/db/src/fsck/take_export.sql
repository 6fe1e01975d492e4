-- fsck/take_export: the ledger learns of an export's file
select colophon.take_object(e.document_id, n.file ->> 'storage_path', (n.file ->> 'size_bytes')::bigint, n.file ->> 'sha256')
from public.export_records e
cross join lateral jsonb_array_elements(
  case jsonb_typeof(e.file_paths) when 'array' then e.file_paths else '[]' end) as n (file)
where e.document_id = $1 and n.file ->> 'storage_path' = $2
limit 1
