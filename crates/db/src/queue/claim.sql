-- queue/claim: take up to $3 jobs that are due, most urgent first. SKIP LOCKED, so that claimers never wait for each
-- other; MATERIALIZED, so that the planner cannot run the LIMIT twice. The row locks end with this statement's
-- transaction: what protects the job afterwards is the lease, and lease_seq is its fence. A job that is gone, or was
-- ended by hand, is not given out; its live row falls to queue/reap. A document's status
-- speaks of its current version alone, here and in the statements that follow a job's end.
with picked as materialized (
  select job_id from public.job_queue
  where state = 'queued' and queue = $1 and strategy = any ($2) and run_at <= clock_timestamp()
  order by priority, run_at
  limit $3
  for update skip locked
), claimed as (
  update public.job_queue q
  set state = 'running', attempt = q.attempt + 1, lease_seq = q.lease_seq + 1, worker = $5,
      started_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => $4)
  from picked p
  where q.job_id = p.job_id
  returning q.job_id, q.document_id, q.strategy, q.attempt, q.max_attempts, q.lease_seq, q.started_at
), job as (
  update public.processing_jobs j
  set status = 'running', attempt = c.attempt, started_at = coalesce(j.started_at, clock_timestamp())
  from claimed c
  where j.document_id = c.document_id and j.id = c.job_id and j.status in ('queued', 'retrying')
  returning j.document_id, j.id, j.version, j.options
), document as (
  update public.documents d set status = 'processing', status_detail = null
  from job where d.id = job.document_id and d.version = job.version
)
select c.job_id, c.document_id, c.strategy, c.attempt, c.max_attempts, c.lease_seq, c.started_at, j.version, j.options,
       v.storage_path, v.page_count
from claimed c
join job j on j.document_id = c.document_id and j.id = c.job_id
left join public.document_versions v on v.document_id = j.document_id and v.version = j.version
