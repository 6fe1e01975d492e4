-- jobs/enqueue: live work; workers see it once the transaction commits. All the rest is taken from the record.
insert into public.job_queue (job_id, document_id, strategy)
values ($1, $2, $3)
