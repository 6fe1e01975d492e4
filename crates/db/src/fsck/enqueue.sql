-- fsck/enqueue: a job that no worker would find is live again, under a fence that no earlier worker holds: it begins with
-- the clock, as in colophon.retry_job
with job as (
  update public.processing_jobs j
  set status = case j.status when 'running' then 'queued' else j.status end
  where j.id = $1 and j.status in ('queued', 'running', 'retrying')
    and not exists (select from public.job_queue q where q.job_id = j.id)
  returning j.document_id, j.id, j.queue, j.strategy, j.priority, j.attempt, j.max_attempts
)
insert into public.job_queue (job_id, document_id, queue, strategy, priority, attempt, max_attempts, lease_seq)
select j.id, j.document_id, j.queue, coalesce(j.strategy, ''), j.priority, j.attempt, j.max_attempts,
       greatest((extract(epoch from clock_timestamp()) * 1000)::bigint,
         1 + (select max(a.lease_seq) from public.processing_attempts a
           where a.document_id = j.document_id and a.job_id = j.id))
from job j
on conflict (job_id) do nothing
