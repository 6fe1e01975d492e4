-- fsck/mend_usage: what is counted of an owner is what there is; after fsck/lock_usage
update colophon.owner_usage u
set document_count = (select count(*) from public.documents d where coalesce(d.uploaded_by, '') = $1),
    stored_bytes = (select coalesce(sum(o.file_size_bytes), 0) from colophon.objects o
      where o.owner = $1 and o.state = 'stored')
where u.owner = $1
