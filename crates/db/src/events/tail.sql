-- events/tail: what happened to any job after a place in the history of all
select document_id, job_id, id, created_at, action, status, details, error_message, duration_ms
from public.processing_history
where created_at >= $1 and (created_at, id) > ($1, $2) and status is not null
order by created_at, id
limit $3::int8
