-- queue/promote: jobs whose time has come
with due as (
  select job_id from public.job_queue
  where state = 'scheduled' and run_at <= clock_timestamp()
  order by run_at
  limit 1000
  for update skip locked
)
update public.job_queue q set state = 'queued' from due where q.job_id = due.job_id
