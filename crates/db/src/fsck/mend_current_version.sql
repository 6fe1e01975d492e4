-- fsck/mend_current_version: the newest version there is becomes the current one
update public.documents d
set version = (select max(v.version) from public.document_versions v where v.document_id = d.id)
where d.id = $1
  and not exists (select from public.document_versions v where v.document_id = d.id and v.version = d.version)
  and exists (select from public.document_versions v where v.document_id = d.id)
