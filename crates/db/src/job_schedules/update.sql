-- job_schedules/update: what a schedule says, all of it
update public.job_schedules
set name = $3, cron = $4, time_zone = $5, strategy = $6, options = $7, page_numbers = $8, queue = $9, priority = $10,
    max_attempts = $11, timeout_seconds = $12, enabled = $13
where document_id = $1 and id = $2
