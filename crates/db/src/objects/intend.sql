-- objects/intend: announce an object before its first byte is written, for $4 seconds; and what its owner has and may
-- have, so that an upload that cannot succeed is refused at once
with intended as (
  insert into colophon.objects (document_id, storage_path, owner, state, intended_until)
  values ($1, $2, $3, 'intended', now() + make_interval(secs => $4))
  returning owner
)
select coalesce(u.document_count, 0) as documents, coalesce(u.stored_bytes, 0) as bytes, q.max_documents, q.max_bytes
from intended i
left join colophon.owner_usage u on u.owner = i.owner
left join lateral (
  select q.max_documents, q.max_bytes from colophon.quotas q where q.owner in (i.owner, '*') and i.owner <> ''
  order by q.owner = '*'
  limit 1) q on true
