-- fsck/named: those of these objects that a version or an export names, whatever the ledger says
select v.storage_path as storage_path from public.document_versions v where v.storage_path = any ($1)
union
select n.file ->> 'storage_path' from public.export_records e
cross join lateral jsonb_array_elements(
  case jsonb_typeof(e.file_paths) when 'array' then e.file_paths else '[]' end) as n (file)
where n.file ->> 'storage_path' = any ($1)
