-- fsck/failed: objects whose content was found wrong: looked at again in every run; not those of $1
select o.storage_path, o.document_id, o.file_size_bytes, o.sha256
from colophon.objects o
where o.state = 'stored' and o.verified_at = '-infinity' and o.storage_path <> all ($1)
order by o.storage_path
limit $2
