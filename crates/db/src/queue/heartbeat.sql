-- queue/heartbeat: prolong the leases in hand; a job that is not returned is no longer ours
update public.job_queue q
set lease_until = clock_timestamp() + make_interval(secs => $3)
from unnest($1::uuid[], $2::int8[]) as held (job_id, lease_seq)
where q.job_id = held.job_id and q.lease_seq = held.lease_seq and q.state = 'running'
returning q.job_id, q.cancel_requested
