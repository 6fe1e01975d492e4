-- fsck/documents: documents that say something else of their file than their current version
select f.document_id, f.key, f.detail
from (
  select d.id as document_id, d.id::text collate "C" as key,
         'version ' || v.version || ' differs in ' || concat_ws(', ',
           case when d.storage_path is distinct from v.storage_path then 'storage_path' end,
           case when d.sha256 is distinct from v.sha256 then 'sha256' end,
           case when d.file_size_bytes is distinct from v.file_size_bytes then 'file_size_bytes' end,
           case when d.page_count is distinct from v.page_count then 'page_count' end,
           case when d.mime_type is distinct from v.mime_type then 'mime_type' end) as detail
  from public.documents d
  join public.document_versions v on v.document_id = d.id and v.version = d.version
  where (d.storage_path, d.sha256, d.file_size_bytes, d.page_count, d.mime_type)
    is distinct from (v.storage_path, v.sha256, v.file_size_bytes, v.page_count, v.mime_type)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
