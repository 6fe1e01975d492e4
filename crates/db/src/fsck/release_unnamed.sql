-- fsck/release_unnamed: what neither a version nor an export names is left to the sweeper
update colophon.objects o set state = 'released', changed_at = now()
where o.document_id = $1 and o.storage_path = $2 and o.state = 'stored'
  and not exists (select from public.document_versions v
    where v.document_id = o.document_id and v.storage_path collate "C" = o.storage_path)
  and not exists (select from public.export_records e
    where e.document_id = o.document_id
      and e.file_paths @> jsonb_build_array(jsonb_build_object('storage_path', o.storage_path)))
