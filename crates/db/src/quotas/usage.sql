-- quotas/usage: what an owner has and may have
select coalesce(u.document_count, 0) as documents, coalesce(u.stored_bytes, 0) as bytes, q.max_documents, q.max_bytes
from (values ($1::text)) o (owner)
left join colophon.owner_usage u on u.owner = o.owner
left join lateral (
  select q.max_documents, q.max_bytes from colophon.quotas q where q.owner in (o.owner, '*')
  order by q.owner = '*'
  limit 1) q on true
