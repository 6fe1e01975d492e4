-- sweep/jobs_due: how many jobs sweep/jobs would take away, and with how many attempts
select count(*) as jobs, coalesce(sum(a.attempts), 0)::bigint as attempts
from public.processing_jobs j
cross join lateral (
  select count(*) as attempts from public.processing_attempts a where a.document_id = j.document_id and a.job_id = j.id
) a
where j.created_at < clock_timestamp() - make_interval(secs => $1)
  and j.completed_at < clock_timestamp() - make_interval(secs => $1)
  and j.status in ('completed', 'partially_completed', 'failed', 'cancelled')
  and (j.page_numbers is not null or j.zone_ids is not null or j.status = 'cancelled'
    or exists (select from public.processing_jobs n
      where n.document_id = j.document_id and n.version = j.version and n.page_numbers is null and n.zone_ids is null
        and n.status <> 'cancelled' and (n.created_at, n.id) > (j.created_at, j.id)))
  and not exists (select from public.job_queue q where q.job_id = j.id)
