-- queue/reap: take back jobs whose lease ran out (a killed worker, a lost machine). Every node runs it. lease_seq is
-- raised, so that the former holder changes nothing any more. A job out of attempts ends: it may be the file's doing.
-- The live row of a job that is gone, or was ended by hand, goes without another word.
with lost as materialized (
  select job_id, document_id, attempt, max_attempts, lease_seq, worker, started_at,
         exists (select from public.processing_jobs j
           where j.document_id = q.document_id and j.id = q.job_id and j.status = 'running') as is_live
  from public.job_queue q
  where state = 'running' and lease_until < clock_timestamp()
  order by started_at
  limit 500
  for update skip locked
), again as (
  update public.job_queue q
  set state = 'queued', run_at = clock_timestamp(), lease_seq = q.lease_seq + 1,
      lease_until = null, worker = null, started_at = null
  from lost l
  where q.job_id = l.job_id and l.is_live and l.attempt < l.max_attempts
), given_up as (
  delete from public.job_queue q using lost l
  where q.job_id = l.job_id and (not l.is_live or l.attempt >= l.max_attempts)
), attempts as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, error_class, error_code, error_message)
  select l.document_id, l.job_id, l.lease_seq, l.attempt, 'lease_lost', l.worker, l.started_at,
         case when l.attempt < l.max_attempts then 'transient' else 'poison' end,
         'lease_lost', 'the worker ' || l.worker || ' stopped without a word'
  from lost l
  where l.is_live
), jobs as (
  update public.processing_jobs j
  set status = case when l.attempt < l.max_attempts then 'queued' else 'failed' end,
      completed_at = case when l.attempt < l.max_attempts then null else clock_timestamp() end,
      error_code = 'lease_lost', error_count = j.error_count + 1,
      error_message = 'the worker ' || l.worker || ' stopped without a word in attempt ' || l.attempt
  from lost l
  where l.is_live and j.document_id = l.document_id and j.id = l.job_id
  returning j.document_id, j.version, j.status, j.error_message
), documents as (
  update public.documents d
  set status = case when jobs.status = 'failed' then 'failed' else 'queued' end,
      status_detail = case when jobs.status = 'failed' then jobs.error_message end
  from jobs
  where d.id = jobs.document_id and d.version = jobs.version
)
select count(*) as lost from lost
