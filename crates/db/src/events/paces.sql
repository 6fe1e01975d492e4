-- events/paces: what a page took, in milliseconds, by strategy: the median of the newest jobs that got through at once
select j.strategy, percentile_cont(0.5) within group (
         order by extract(epoch from a.finished_at - a.started_at) * 1000 / j.completed_pages)::float8 as milliseconds
from (
  select document_id, id, strategy, completed_pages, attempt
  from public.processing_jobs
  order by created_at desc, id desc
  limit 2000) j
join public.processing_attempts a on a.document_id = j.document_id and a.job_id = j.id
where j.completed_pages > 0 and j.attempt = 1 and a.attempt = 1
  and a.outcome in ('completed', 'partially_completed') and a.finished_at > a.started_at and j.strategy is not null
group by j.strategy
