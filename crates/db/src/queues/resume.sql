-- queues/resume: the queue's jobs are claimed again
delete from public.paused_queues where queue = $1
