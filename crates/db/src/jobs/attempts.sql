-- jobs/attempts: attempts that ended, first to last
select attempt, lease_seq, outcome, worker, started_at, finished_at, error_class, error_code, error_message, metrics
from public.processing_attempts
where document_id = $1 and job_id = $2
order by lease_seq
