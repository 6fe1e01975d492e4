-- queue/of_worker: the leases that the database believes a worker to hold
select job_id, lease_seq from public.job_queue where state = 'running' and worker = $1
