-- jobs/list_incomplete: as jobs/list, of jobs that did not end well, which have a table of their own
with jobs as (
  select c.*
  from colophon.incomplete_jobs i
  join public.processing_jobs c on c.document_id = i.document_id and c.id = i.job_id
  where i.status = $1 and c.status = $1
    and ($2::timestamptz is null or (i.created_at, i.job_id) < ($2, $3::uuid))
  order by i.created_at desc, i.job_id desc
  limit $4
)
select document_id, id, status, strategy, started_at, completed_at, progress::float8 as progress, current_zone_id,
       total_zones, completed_zones, error_count, options, metrics, created_at, updated_at, version, queue, priority,
       attempt, max_attempts, total_pages, completed_pages, error_class, error_code, error_message,
       created_by, page_numbers, zone_ids, run_at, timeout_seconds, job_key, depends_on,
       (select d.filename from public.documents d where d.id = jobs.document_id) as filename
from jobs
order by created_at desc, id desc
