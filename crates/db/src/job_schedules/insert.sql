-- job_schedules/insert: a schedule; its first time is told by the housekeeping
insert into public.job_schedules (
  document_id, id, name, cron, time_zone, strategy, options, page_numbers, queue, priority, max_attempts, timeout_seconds,
  enabled, created_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
