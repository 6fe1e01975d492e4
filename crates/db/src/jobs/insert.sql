-- jobs/insert: the record of what is asked; jobs/enqueue makes it live in the same transaction
insert into public.processing_jobs (
  document_id, id, strategy, options, version, queue, priority, total_pages, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
