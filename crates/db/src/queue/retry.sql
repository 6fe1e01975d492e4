-- queue/retry: an attempt failed and another may succeed: the job waits $3 seconds. Fenced, as queue/complete.
with held as (
  update public.job_queue
  set state = 'scheduled', run_at = clock_timestamp() + make_interval(secs => $3),
      lease_until = null, worker = null, started_at = null
  where job_id = $1 and lease_seq = $2 and state = 'running'
  returning job_id, document_id, attempt, lease_seq
), attempt as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, error_class, error_code, error_message, metrics)
  select document_id, job_id, lease_seq, attempt, 'retry', $4, $5, 'transient', $6, $7, $8 from held
), job as (
  update public.processing_jobs j
  set status = 'retrying', error_code = $6, error_message = $7, error_count = j.error_count + 1
  from held h
  where j.document_id = h.document_id and j.id = h.job_id
  returning j.document_id, j.version
), document as (
  update public.documents d set status = 'queued'
  from job where d.id = job.document_id and d.version = job.version
)
select count(*) as ended from held
