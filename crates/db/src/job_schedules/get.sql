-- job_schedules/get: one schedule
select document_id, id, name, cron, time_zone, strategy, options, page_numbers, queue, priority, max_attempts, timeout_seconds,
       enabled, disabled_reason, next_run_at, last_run_at, last_job_id, last_skipped_at, last_skip_reason, created_by,
       created_at, updated_at
from public.job_schedules
where document_id = $1 and id = $2
