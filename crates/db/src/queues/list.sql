-- queues/list: live jobs by queue and strategy, and the queues that are paused; $1: only this one. One pass over the live
-- table.
with live as (
  select queue, strategy,
         count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'scheduled') as scheduled,
         count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'paused') as paused,
         count(*) filter (where state = 'running') as running,
         extract(epoch from max(clock_timestamp() - run_at) filter (
           where state = 'queued' and run_at <= clock_timestamp()))::float8 as oldest_seconds
  from public.job_queue
  where $1::text is null or queue = $1
  group by queue, strategy
), pauses as (
  select queue, reason, paused_by, paused_at from public.paused_queues where $1::text is null or queue = $1
)
select coalesce(l.queue, p.queue) as queue, p.reason, p.paused_by, p.paused_at, l.strategy, l.queued, l.scheduled, l.waiting,
       l.paused, l.running, l.oldest_seconds
from live l
full join pauses p on p.queue = l.queue
order by queue, l.strategy
