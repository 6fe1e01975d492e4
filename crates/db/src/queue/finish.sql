-- queue/finish: end jobs for good, many in one statement: the live rows go; attempts, records, history and documents
-- follow. Fenced by lease_seq: a worker whose lease was taken over changes nothing. Gives back the jobs that ended here;
-- the others are stale. What runs has a lease_until (a check says so); to ask for the state would lead the planner to the
-- index of all that runs, and through all that is dead there. Locks in everybody's order: live rows by id, documents by
-- id, records. Not by ctid: a heartbeat that was quicker leaves a row that this statement, which is older, does not see there.
-- Each step takes all it needs along from the one before: joining again would be a loop within a loop.
with engine as materialized (
  select set_config('colophon.engine', 'on', true)
), held as materialized (
  select q.job_id, e.status, e.error_class, e.error_code, e.error_message, e.metrics
  from (
    select * from unnest($1::uuid[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
      as e (job_id, lease_seq, status, error_class, error_code, error_message, metrics)
    order by e.job_id) e
  cross join lateral (
    select q.job_id from public.job_queue q
    where q.job_id = e.job_id and q.lease_seq = e.lease_seq and q.lease_until is not null
    limit 1
    for update) q
), gone as (
  delete from public.job_queue q using held h where q.job_id = h.job_id
  returning q.document_id, q.is_whole, q.attempt, q.lease_seq, q.worker, q.started_at, h.*
), documents as materialized (
  select d.id
  from public.documents d
  where d.id in (select g.document_id from gone g where g.is_whole)
  order by d.id
  for no key update
), locked as materialized (
  select clock_timestamp() as now, count(*) from documents
), jobs as (
  update public.processing_jobs j
  set status = g.status, completed_at = t.now, error_class = g.error_class, error_code = g.error_code,
      error_message = g.error_message,
      progress = case when g.status in ('completed', 'partially_completed') then 100 else j.progress end,
      total_zones = j.completed_zones, error_count = j.error_count + case when g.status = 'failed' then 1 else 0 end,
      metrics = coalesce(j.metrics, '{}') || g.metrics, status_changed_at = t.now, updated_at = t.now
  from gone g
  cross join locked t
  cross join engine
  where j.document_id = g.document_id and j.id = g.job_id and j.status = 'running'
  returning j.strategy, j.version, j.completed_at, g.*
), attempts as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, finished_at, error_class, error_code,
    error_message, metrics)
  select document_id, job_id, lease_seq, attempt, status, worker, started_at, completed_at, error_class, error_code,
         error_message, metrics
  from jobs
), history as (
  insert into public.processing_history (
    document_id, id, job_id, action, status, details, error_message, duration_ms, created_at)
  select document_id, gen_random_uuid(), job_id, status, status,
         case when error_code is null then jsonb_build_object('from', 'running', 'attempt', attempt)
           else jsonb_build_object('from', 'running', 'attempt', attempt, 'error_code', error_code,
             'error_class', error_class) end,
         error_message, greatest(0, least(date_part('epoch', completed_at - started_at) * 1000, 2147483647))::integer,
         completed_at
  from jobs
), document as (
  update public.documents d
  set status = case j.status when 'completed' then 'processed' when 'partially_completed' then 'partially_processed'
                 else 'failed' end,
      status_detail = j.error_message
  from jobs j where j.is_whole and d.id = j.document_id and d.version = j.version
)
select job_id, document_id, strategy, date_part('epoch', completed_at - started_at) as seconds,
       exists (select from public.job_queue w where w.state = 'waiting') as others_wait
from jobs
