-- queue/by_units: which of these jobs in hand have pages or zones with an outcome, or name some: how they end is found there
select q.job_id
from unnest($1::uuid[], $2::int8[]) as a (job_id, lease_seq)
join public.job_queue q on q.job_id = a.job_id and q.lease_seq = a.lease_seq
join public.processing_jobs j on j.document_id = q.document_id and j.id = q.job_id
where j.zone_ids is not null
   or exists (select from public.processing_job_pages p where p.document_id = q.document_id and p.job_id = q.job_id)
