-- jobs/live: how many of these jobs have not ended
select count(*) as live
from public.processing_jobs
where id = any($1) and completed_at is null
