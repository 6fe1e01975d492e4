-- fsck/unverified: objects whose content nobody has looked at since $1, those of the longest ago first; not those of $2
select o.storage_path, o.document_id, o.file_size_bytes, o.sha256
from colophon.objects o
where o.state = 'stored' and (o.verified_at is null or o.verified_at > '-infinity' and o.verified_at < $1)
  and o.storage_path <> all ($2)
order by o.verified_at nulls first, o.storage_path
limit $3
