-- jobs/zones: the outcome of each zone that a job names, so far
select zone_id, outcome, attempt, error_class, error_code, error_message, duration_ms, stages
from public.processing_job_zones
where document_id = $1 and job_id = $2
order by zone_id
