-- jobs/missing: which of these jobs are not there for the caller
select asked.id
from unnest($1::uuid[]) as asked (id)
where not exists (select from public.processing_jobs j where j.id = asked.id)
