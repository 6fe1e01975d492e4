-- quotas/list: every quota with what its owner has; '*' holds for everybody who has none of his own
select q.owner, coalesce(u.document_count, 0) as documents, coalesce(u.stored_bytes, 0) as bytes, q.max_documents, q.max_bytes
from colophon.quotas q
left join colophon.owner_usage u on u.owner = q.owner
order by q.owner
