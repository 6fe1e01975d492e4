-- events/transitions: what happened to each of these jobs after a place in its history. A job's transitions wait for each
-- other, so that none comes to stand before one that was seen.
select h.document_id, h.job_id, h.id, h.created_at, h.action, h.status, h.details, h.error_message, h.duration_ms
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[]) as after (document_id, job_id, created_at, id)
cross join lateral (
  select * from public.processing_history h
  where h.document_id = after.document_id and h.job_id = after.job_id and h.status is not null
    and (h.created_at, h.id) > (after.created_at, after.id)
  order by h.created_at, h.id
  limit $5::int8) h
order by h.created_at, h.id
