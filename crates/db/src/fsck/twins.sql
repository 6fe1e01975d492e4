-- fsck/twins: other objects of the same owner that are said to hold the same bytes
select distinct t.storage_path
from colophon.objects o
join public.document_versions v on v.sha256 = o.sha256 and v.storage_path collate "C" <> o.storage_path
join colophon.objects t on t.document_id = v.document_id and t.storage_path = v.storage_path collate "C"
where o.storage_path = $1 and o.state = 'stored'
  and t.state = 'stored' and t.owner = o.owner and t.file_size_bytes = o.file_size_bytes and t.sha256 = o.sha256
  and split_part(t.storage_path, '/', 1) = o.owner
limit 10
