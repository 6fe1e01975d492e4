-- queue/done: the pages and zones of some jobs that are done, so that whoever takes them up does only the others
select a.job_id,
       array(select p.page_number from public.processing_job_pages p
         where p.document_id = a.document_id and p.job_id = a.job_id and p.outcome = 'completed'
         order by p.page_number) as pages,
       array(select z.zone_id from public.processing_job_zones z
         where z.document_id = a.document_id and z.job_id = a.job_id and z.outcome = 'completed'
         order by z.zone_id) as zones
from unnest($1::uuid[], $2::uuid[]) as a (document_id, job_id)
