-- queue/hold: prolong a lease and lock the row for the rest of the transaction, so that what is written beside it is
-- written by the holder of the lease or not at all. No row: the lease is lost.
update public.job_queue
set lease_until = least(clock_timestamp() + make_interval(secs => $3), deadline_at)
where job_id = $1 and lease_seq = $2 and lease_until is not null and (deadline_at is null or deadline_at > clock_timestamp())
returning job_id
