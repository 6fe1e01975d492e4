-- job_schedules/due_ids: schedules whose time has come, or that are not told it yet
select s.document_id, s.id
from public.job_schedules s
where s.enabled and (s.next_run_at is null or s.next_run_at <= now())
order by s.next_run_at nulls first
limit 100
