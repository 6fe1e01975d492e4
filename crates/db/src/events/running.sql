-- events/running: the jobs that are worked on now
select job_id from public.job_queue where state = 'running' limit 1000
