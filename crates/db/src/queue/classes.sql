-- queue/classes: the classes of some queues that have work now, with where their turns stand: what a claim looks through.
-- One probe of an index for each class there is, however many jobs it has. $2: only these strategies; NULL for all.
with recursive classes as (
  (select q.queue, q.strategy, q.priority from public.job_queue q
   where q.state = 'queued' and q.queue = any ($1)
   order by q.queue, q.strategy, q.priority limit 1)
  union all
  select n.queue, n.strategy, n.priority from classes c
  cross join lateral (
    select q.queue, q.strategy, q.priority from public.job_queue q
    where q.state = 'queued' and q.queue = any ($1)
      and (q.queue, q.strategy, q.priority) > (c.queue, c.strategy, c.priority)
    order by q.queue, q.strategy, q.priority limit 1) n
)
select c.queue, c.strategy, c.priority, coalesce(p.position, 0) as position
from classes c
left join colophon.job_positions p on p.queue = c.queue and p.strategy = c.strategy and p.priority = c.priority
where $2::text[] is null or c.strategy = any ($2)
