-- queue/finish: end jobs for good, many in one statement: the live rows go; attempts, records, history and documents
-- follow. Fenced by lease_seq: a worker whose lease was taken over changes nothing. Gives back the jobs that ended here;
-- the others are stale.
-- Locks in everybody's order: live rows by id, then documents by id, then records.
with engine as materialized (
  select set_config('colophon.engine', 'on', true)
), ends as materialized (
  select * from unnest($1::uuid[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
    as e (job_id, lease_seq, status, error_class, error_code, error_message, metrics)
), held as materialized (
  select q.job_id from public.job_queue q
  join ends e on e.job_id = q.job_id and e.lease_seq = q.lease_seq
  where q.state = 'running'
  order by q.job_id
  for update of q
), gone as (
  delete from public.job_queue q using held h where q.job_id = h.job_id
  returning q.job_id, q.document_id, q.attempt, q.lease_seq, q.worker, q.started_at, q.strategy
), documents as materialized (
  select d.id
  from public.documents d
  where d.id in (
    select g.document_id from gone g
    join public.processing_jobs j on j.document_id = g.document_id and j.id = g.job_id
    where j.page_numbers is null and j.zone_ids is null and j.version = d.version)
  order by d.id
  for no key update
), jobs as (
  update public.processing_jobs j
  set status = e.status, completed_at = t.now, error_class = e.error_class, error_code = e.error_code,
      error_message = e.error_message,
      progress = case when e.status in ('completed', 'partially_completed') then 100 else j.progress end,
      total_zones = j.completed_zones, error_count = j.error_count + case when e.status = 'failed' then 1 else 0 end,
      metrics = coalesce(j.metrics, '{}') || e.metrics, status_changed_at = t.now, updated_at = t.now
  from gone g
  join ends e on e.job_id = g.job_id
  cross join (select clock_timestamp() as now, count(*) from documents) t
  cross join engine
  where j.document_id = g.document_id and j.id = g.job_id and j.status = 'running'
  returning j.document_id, j.id, j.version, j.status, j.error_message, j.completed_at,
            j.page_numbers is null and j.zone_ids is null as is_whole
), attempts as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, finished_at, error_class, error_code,
    error_message, metrics)
  select g.document_id, g.job_id, g.lease_seq, g.attempt, e.status, g.worker, g.started_at, j.completed_at, e.error_class,
         e.error_code, e.error_message, e.metrics
  from gone g
  join ends e on e.job_id = g.job_id
  join jobs j on j.document_id = g.document_id and j.id = g.job_id
), history as (
  insert into public.processing_history (
    document_id, id, job_id, action, status, details, error_message, duration_ms, created_at)
  select g.document_id, gen_random_uuid(), g.job_id, e.status, e.status,
         case when e.error_code is null then jsonb_build_object('from', 'running', 'attempt', g.attempt)
           else jsonb_build_object('from', 'running', 'attempt', g.attempt, 'error_code', e.error_code, 'error_class', e.error_class) end,
         e.error_message, greatest(0, least(extract(epoch from j.completed_at - g.started_at) * 1000, 2147483647))::integer,
         j.completed_at
  from gone g
  join ends e on e.job_id = g.job_id
  join jobs j on j.document_id = g.document_id and j.id = g.job_id
), document as (
  update public.documents d
  set status = case j.status when 'completed' then 'processed' when 'partially_completed' then 'partially_processed'
                 else 'failed' end,
      status_detail = j.error_message
  from jobs j where d.id = j.document_id and d.version = j.version and j.is_whole
)
select g.job_id, g.document_id,
       exists (select from public.job_queue w where w.state = 'waiting') as others_wait
from gone g
join jobs j on j.document_id = g.document_id and j.id = g.job_id
