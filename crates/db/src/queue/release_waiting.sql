-- queue/release_waiting: jobs that waited for others. Where all of those ended well (or are forgotten), they are queued;
-- where one failed or was cancelled, they fail with 'dependency_failed'. What they wait for is looked up by its id: it may
-- be of another document.
with engine as materialized (
  select set_config('colophon.engine', 'on', true)
), waiting as materialized (
  select q.job_id, q.document_id, q.lease_seq, q.attempt, j.version, j.depends_on,
         j.page_numbers is null and j.zone_ids is null as is_whole
  from public.job_queue q
  join public.processing_jobs j on j.document_id = q.document_id and j.id = q.job_id
  where q.state = 'waiting'
    and not exists (select from public.processing_jobs d
      where d.id = any (j.depends_on) and d.status in ('queued', 'running', 'retrying', 'paused'))
  order by q.job_id
  limit 1000
  for update of q skip locked
), judged as materialized (
  select w.*, (select d.id from public.processing_jobs d
    where d.id = any (w.depends_on) and d.status in ('failed', 'cancelled') limit 1) as failed
  from waiting w
), ready as (
  update public.job_queue q
  set state = case when q.run_at > clock_timestamp() then 'scheduled' else 'queued' end,
      position = greatest(q.position, coalesce((select p.position from colophon.job_positions p
        where p.queue = q.queue and p.strategy = q.strategy and p.priority = q.priority), 0))
  from judged j where q.job_id = j.job_id and j.failed is null
), given_up as (
  delete from public.job_queue q using judged j where q.job_id = j.job_id and j.failed is not null
), documents as materialized (
  select d.id from public.documents d
  where d.id in (select j.document_id from judged j where j.failed is not null and j.is_whole)
  order by d.id
  for no key update
), locked as materialized (
  select clock_timestamp() as now, count(*) from documents
), jobs as (
  update public.processing_jobs j
  set status = 'failed', completed_at = t.now, error_class = 'permanent', error_code = 'dependency_failed',
      error_message = 'job ' || w.failed || ', which it depends on, did not end well',
      error_count = j.error_count + 1, status_changed_at = t.now, updated_at = t.now
  from judged w
  cross join locked t
  cross join engine
  where w.failed is not null and j.document_id = w.document_id and j.id = w.job_id
  returning j.document_id, j.id, j.error_message, j.completed_at
), attempts as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, finished_at, error_class, error_code, error_message)
  select w.document_id, w.job_id, w.lease_seq, w.attempt, 'failed', j.completed_at, 'permanent', 'dependency_failed', j.error_message
  from judged w join jobs j on j.document_id = w.document_id and j.id = w.job_id
), history as (
  insert into public.processing_history (document_id, id, job_id, action, status, details, error_message, created_at)
  select j.document_id, gen_random_uuid(), j.id, 'failed', 'failed',
         jsonb_build_object('error_code', 'dependency_failed', 'error_class', 'permanent'), j.error_message, j.completed_at
  from jobs j
), document as (
  update public.documents d set status = colophon.status_of_version(d.id, d.version), status_detail = j.error_message
  from jobs j join judged w on w.document_id = j.document_id and w.job_id = j.id
  where d.id = j.document_id and d.version = w.version and w.is_whole
)
select j.job_id, j.document_id, j.failed is null as is_ready from judged j
