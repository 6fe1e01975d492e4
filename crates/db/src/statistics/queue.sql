-- statistics/queue: live jobs by queue and state, and for how long the oldest that may be claimed has waited. One pass over
-- the narrow table; whoever asks keeps the answer for a while.
select queue, state, count(*) as jobs,
       extract(epoch from max(clock_timestamp() - run_at) filter (
         where state = 'queued' and run_at <= clock_timestamp()))::float8 as oldest_seconds
from public.job_queue
group by queue, state
