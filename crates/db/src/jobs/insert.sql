-- jobs/insert: the record of what is asked; jobs/enqueue makes it live in the same transaction
insert into public.processing_jobs (
  document_id, id, strategy, options, version, queue, priority, max_attempts, total_pages, created_by, page_numbers, zone_ids,
  depends_on, run_at, timeout_seconds, job_key)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
