-- queue/promote: jobs whose time has come stand where the queue is now
with due as materialized (
  select job_id from public.job_queue
  where state = 'scheduled' and run_at <= clock_timestamp()
  order by run_at
  limit 1000
  for update skip locked
)
update public.job_queue q
set state = 'queued',
    position = greatest(q.position, coalesce((select p.position from colophon.job_positions p
      where p.queue = q.queue and p.strategy = q.strategy and p.priority = q.priority), 0))
from due where q.job_id = due.job_id
