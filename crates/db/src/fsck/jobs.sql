-- fsck/jobs: jobs that wait for a worker, or seem to be with one, and that no worker will ever find
select f.document_id, f.key, f.detail
from (
  select j.document_id, j.id::text collate "C" as key, 'it is ' || j.status || ', and not in the queue' as detail
  from public.processing_jobs j
  where j.status in ('queued', 'running', 'retrying')
    and not exists (select from public.job_queue q where q.job_id = j.id)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
