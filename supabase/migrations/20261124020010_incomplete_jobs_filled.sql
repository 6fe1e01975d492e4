-- The jobs that did not end well before there was a table of them. Reads processing_jobs once and locks nothing; a job that is
-- tried again meanwhile may be entered all the same, and lists look at the job itself.
-- Back: rollbacks/20261124020010_incomplete_jobs_filled.sql empties the table.
insert into colophon.incomplete_jobs (document_id, job_id, status, created_at)
select j.document_id, j.id, j.status, j.created_at
from public.processing_jobs j
where j.status in ('partially_completed', 'failed', 'cancelled')
on conflict do nothing;
