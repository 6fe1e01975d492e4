-- job_schedules/settle: what came of schedules that were looked at: their next time; the job that was made, or why none was; or
-- why they are disabled
update public.job_schedules s
set next_run_at = g.next_run_at,
    last_run_at = case when g.job_id is null then s.last_run_at else clock_timestamp() end,
    last_job_id = coalesce(g.job_id, s.last_job_id),
    last_skipped_at = case when g.skip_reason is null then s.last_skipped_at else clock_timestamp() end,
    last_skip_reason = coalesce(g.skip_reason, s.last_skip_reason),
    enabled = g.disabled_reason is null,
    disabled_reason = g.disabled_reason
from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::text[], $6::text[])
  as g (document_id, id, next_run_at, job_id, skip_reason, disabled_reason)
where s.document_id = g.document_id and s.id = g.id
