-- fsck/delete_live: live work whose job is gone or has ended
delete from public.job_queue q
where q.job_id = $1
  and not exists (select from public.processing_jobs j
    where j.document_id = q.document_id and j.id = q.job_id and j.completed_at is null)
