-- queue/fail: attempts failed; many in one statement; fenced, as queue/finish. What another attempt may mend waits for it:
-- $3 seconds, or 2, 4, 8, … (ten minutes at most), each a quarter more or less, so that many do not come back at once.
-- What no attempt will mend ('permanent'), is out of attempts, or was the file's doing ('poison') for the third time, ends
-- as failed; the last goes no further ('quarantined') until somebody asks for it again.
with engine as materialized (
  select set_config('colophon.engine', 'on', true)
), held as materialized (
  select q.job_id, q.document_id, q.strategy, q.attempt, q.lease_seq, q.worker, q.started_at, e.error_class, e.metrics,
         k.is_quarantined, e.error_class = 'permanent' or q.attempt >= q.max_attempts or k.is_quarantined as is_over,
         case when k.is_quarantined then 'quarantined' else e.error_code end as error_code,
         case when k.is_quarantined
           then 'three attempts did harm to their workers; it goes no further until somebody asks again: ' else '' end
           || e.error_message as error_message,
         clock_timestamp() as ended_at,
         coalesce(e.delay_seconds, least(600, 2 ^ q.attempt) * (0.75 + random() / 2)) as delay_seconds
  from (
    select * from unnest($1::uuid[], $2::int8[], $3::float8[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
      as e (job_id, lease_seq, delay_seconds, error_class, error_code, error_message, metrics)
    order by e.job_id) e
  cross join lateral (
    select q.* from public.job_queue q
    where q.job_id = e.job_id and q.lease_seq = e.lease_seq and q.lease_until is not null
    limit 1
    for update) q
  cross join lateral (select e.error_class = 'poison' and q.kills >= 2 as is_quarantined) k
), again as (
  update public.job_queue q
  set state = 'scheduled', run_at = clock_timestamp() + make_interval(secs => h.delay_seconds),
      kills = q.kills + case when h.error_class = 'poison' then 1 else 0 end,
      lease_until = null, deadline_at = null, worker = null, started_at = null
  from held h
  where q.job_id = h.job_id and not h.is_over
), over as (
  delete from public.job_queue q using held h where q.job_id = h.job_id and h.is_over
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
  select count(*) from documents
), jobs as (
  update public.processing_jobs j
  set status = case when h.is_over then 'failed' else 'retrying' end,
      completed_at = case when h.is_over then h.ended_at end,
      error_class = h.error_class, error_code = h.error_code, error_message = h.error_message,
      error_count = j.error_count + 1, status_changed_at = h.ended_at, updated_at = h.ended_at
  from held h
  cross join locked
  cross join engine
  where j.document_id = h.document_id and j.id = h.job_id and j.status = 'running'
  returning j.version, j.status, j.page_numbers is null and j.zone_ids is null as is_whole, h.*
), attempts as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, finished_at, error_class, error_code,
    error_message, metrics)
  select document_id, job_id, lease_seq, attempt, case when is_over then 'failed' else 'retry' end, worker, started_at,
         ended_at, error_class, error_code, error_message, metrics
  from jobs
), history as (
  insert into public.processing_history (
    document_id, id, job_id, action, status, details, error_message, duration_ms, created_at)
  select document_id, gen_random_uuid(), job_id, case when is_over then 'failed' else 'retry_scheduled' end, status,
         jsonb_strip_nulls(jsonb_build_object('from', 'running', 'attempt', attempt, 'error_code', error_code,
           'error_class', error_class, 'delay_seconds', case when not is_over then round(delay_seconds::numeric, 1) end)),
         error_message, greatest(0, least(extract(epoch from ended_at - started_at) * 1000, 2147483647))::integer, ended_at
  from jobs
), document as (
  update public.documents d
  set status = case j.status when 'failed' then 'failed' else 'queued' end,
      status_detail = case j.status when 'failed' then j.error_message end
  from jobs j where j.is_whole and d.id = j.document_id and d.version = j.version
)
select job_id, document_id, strategy, extract(epoch from ended_at - started_at)::float8 as seconds, is_over,
       case when not is_over then delay_seconds end as delay_seconds, is_quarantined,
       exists (select from public.job_queue w where w.state = 'waiting') as others_wait
from jobs
