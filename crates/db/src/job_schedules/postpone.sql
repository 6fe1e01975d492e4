-- job_schedules/postpone: a schedule that could not be looked at is left alone for a while, and says why
update public.job_schedules s
set next_run_at = clock_timestamp() + interval '1 minute', last_skipped_at = clock_timestamp(), last_skip_reason = $3
where s.document_id = $1 and s.id = $2 and s.enabled
