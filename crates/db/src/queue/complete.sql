-- queue/complete: end a job for good, in one statement: the live row goes, the attempt, the record and the document
-- follow. Fenced by lease_seq: a worker whose lease was taken over changes nothing, and 0 tells it so.
with held as (
  delete from public.job_queue
  where job_id = $1 and lease_seq = $2 and state = 'running'
  returning job_id, document_id, attempt, lease_seq, worker, started_at
), attempt as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, error_class, error_code, error_message, metrics)
  select document_id, job_id, lease_seq, attempt, $3, worker, started_at, $5, $6, $7, $8 from held
), job as (
  update public.processing_jobs j
  set status = $3, completed_at = clock_timestamp(), error_code = $6, error_message = $7,
      progress = case when $3 in ('completed', 'partially_completed') then 100 else j.progress end,
      total_zones = j.completed_zones, error_count = j.error_count + case when $3 = 'failed' then 1 else 0 end,
      metrics = coalesce(j.metrics, '{}') || $8
  from held h
  where j.document_id = h.document_id and j.id = h.job_id
  returning j.document_id, j.version
), document as (
  update public.documents d set status = $4, status_detail = $7
  from job where d.id = job.document_id and d.version = job.version
)
select count(*) as ended from held
