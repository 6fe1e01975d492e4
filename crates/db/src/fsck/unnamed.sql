-- fsck/unnamed: stored for a document of which neither a version nor an export names it
select f.document_id, f.key, f.detail
from (
  select o.document_id, o.storage_path as key, o.file_size_bytes || ' bytes, stored at ' || to_json(o.changed_at)::text as detail
  from colophon.objects o
  where o.state = 'stored'
    and not exists (select from public.document_versions v
      where v.document_id = o.document_id and v.storage_path collate "C" = o.storage_path)
    and not exists (select from public.export_records e
      where e.document_id = o.document_id
        and e.file_paths @> jsonb_build_array(jsonb_build_object('storage_path', o.storage_path)))
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
