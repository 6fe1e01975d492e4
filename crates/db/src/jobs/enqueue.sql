-- jobs/enqueue: live work; workers see it once the transaction commits
insert into public.job_queue (job_id, document_id, queue, strategy, priority)
values ($1, $2, $3, $4, $5)
