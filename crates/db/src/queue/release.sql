-- queue/release: hand a job back unfinished (the worker shuts down). The attempt does not count. Fenced.
with held as (
  update public.job_queue
  set state = 'queued', run_at = clock_timestamp(), attempt = greatest(attempt - 1, 0),
      lease_until = null, worker = null, started_at = null
  where job_id = $1 and lease_seq = $2 and state = 'running'
  returning job_id, document_id, attempt, lease_seq
), attempt as (
  insert into public.processing_attempts (document_id, job_id, lease_seq, attempt, outcome, worker, started_at)
  select document_id, job_id, lease_seq, attempt + 1, 'released', $3, $4 from held
), job as (
  update public.processing_jobs j set status = 'queued', attempt = h.attempt
  from held h
  where j.document_id = h.document_id and j.id = h.job_id
  returning j.document_id, j.version
), document as (
  update public.documents d set status = 'queued'
  from job where d.id = job.document_id and d.version = job.version
)
select count(*) as ended from held
