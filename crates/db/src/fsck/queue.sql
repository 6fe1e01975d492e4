-- fsck/queue: live work whose job is gone or has ended, $4 seconds after its lease
select f.document_id, f.key, f.detail
from (
  select q.document_id, q.job_id::text collate "C" as key,
         coalesce('its job is ' || j.status, 'there is no such job') as detail
  from public.job_queue q
  left join public.processing_jobs j on j.document_id = q.document_id and j.id = q.job_id
  where (j.id is null or j.completed_at is not null)
    and coalesce(q.lease_until, q.run_at) < now() - make_interval(secs => $4)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
