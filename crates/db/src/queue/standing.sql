-- queue/standing: where jobs stand of which somebody names a lease, and how that lease ended, where it is known. Nobody else
-- could end it but its holder, the reaper or a person: so whoever lost an answer learns here what became of it.
select a.job_id, a.lease_seq, j.document_id, j.status, t.outcome, t.error_code,
       exists (select from public.job_queue q
         where q.job_id = a.job_id and q.lease_seq = a.lease_seq and q.state = 'running') as is_held
from unnest($1::uuid[], $2::int8[]) as a (job_id, lease_seq)
join public.processing_jobs j on j.id = a.job_id
left join public.processing_attempts t on t.document_id = j.document_id and t.job_id = a.job_id and t.lease_seq = a.lease_seq
