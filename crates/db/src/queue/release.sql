-- queue/release: hand jobs back unfinished (the worker shuts down): each goes to the front, and its attempt does not
-- count. Many in one statement; fenced, as queue/finish.
with engine as materialized (
  select set_config('colophon.engine', 'on', true)
), held as materialized (
  select q.job_id, q.document_id, q.attempt, q.lease_seq, q.worker, q.started_at
  from (select * from unnest($1::uuid[], $2::int8[]) as e (job_id, lease_seq) order by e.job_id) e
  cross join lateral (
    select q.* from public.job_queue q
    where q.job_id = e.job_id and q.lease_seq = e.lease_seq and q.lease_until is not null
    limit 1
    for update) q
), again as (
  update public.job_queue q
  set state = 'queued', attempt = greatest(q.attempt - 1, 0),
      position = greatest(q.position, coalesce((select p.position from colophon.job_positions p
        where p.queue = q.queue and p.strategy = q.strategy and p.priority = q.priority), 0)),
      lease_until = null, deadline_at = null, worker = null, started_at = null
  from held h
  where q.job_id = h.job_id
), documents as materialized (
  select d.id
  from public.documents d
  where d.id in (
    select h.document_id from held h
    join public.processing_jobs j on j.document_id = h.document_id and j.id = h.job_id
    where j.page_numbers is null and j.zone_ids is null)
  order by d.id
  for no key update
), locked as materialized (
  select clock_timestamp() as now, count(*) from documents
), jobs as (
  update public.processing_jobs j
  set status = 'queued', attempt = greatest(h.attempt - 1, 0), status_changed_at = t.now, updated_at = t.now
  from held h
  cross join locked t
  cross join engine
  where j.document_id = h.document_id and j.id = h.job_id and j.status = 'running'
  returning j.version, j.updated_at as ended_at, j.page_numbers is null and j.zone_ids is null as is_whole, h.*
), attempts as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, finished_at)
  select document_id, job_id, lease_seq, attempt, 'released', worker, started_at, ended_at
  from jobs
), history as (
  insert into public.processing_history (document_id, id, job_id, action, status, details, duration_ms, created_at)
  select document_id, gen_random_uuid(), job_id, 'released', 'queued',
         jsonb_build_object('from', 'running', 'attempt', attempt, 'worker', worker),
         greatest(0, least(extract(epoch from ended_at - started_at) * 1000, 2147483647))::integer, ended_at
  from jobs
), document as (
  update public.documents d set status = 'queued'
  from jobs j where j.is_whole and d.id = j.document_id and d.version = j.version
)
select job_id, document_id from jobs
