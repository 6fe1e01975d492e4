-- queues/pause: nothing of the queue is claimed any more. One that is paused stays as it was paused first.
insert into public.paused_queues (queue, reason, paused_by)
values ($1, $2, $3)
on conflict (queue) do nothing
