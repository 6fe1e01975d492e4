-- events/replay: what happened after a place in the history of all, to jobs that the caller may see
select document_id, job_id, id, created_at, action, status, details, error_message, duration_ms
from public.processing_history
where created_at >= $1 and (created_at, id) > ($1, $2::uuid) and status is not null
  and ($3::uuid is null or document_id = $3)
  and ($4::text is null or status = $4)
order by created_at, id
limit $5::int8
