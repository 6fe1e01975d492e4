-- jobs/history: what happened to a job, first to last
select id, action, status, details, error_message, duration_ms, created_at
from public.processing_history
where document_id = $1 and job_id = $2
order by created_at, id
