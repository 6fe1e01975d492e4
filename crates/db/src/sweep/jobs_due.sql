-- sweep/jobs_due: how many jobs sweep/jobs would take away, and with how many attempts
select count(*) as jobs, coalesce(sum(a.attempts), 0)::bigint as attempts
from public.processing_jobs j
cross join lateral (
  select count(*) as attempts from public.processing_attempts a where a.document_id = j.document_id and a.job_id = j.id
) a
where j.completed_at < clock_timestamp() - make_interval(secs => $1)
  and j.status in ('completed', 'partially_completed', 'failed', 'cancelled')
  and exists (select from public.processing_jobs n
    where n.document_id = j.document_id and (n.created_at, n.id) > (j.created_at, j.id))
  and not exists (select from public.job_queue q where q.job_id = j.id)
