-- jobs/list_live: as jobs/list, of a status that live jobs have, where they are few: sorted rather than found on the way
with jobs as (
  select c.*
  from colophon.live_jobs($1, $5) l
  join public.processing_jobs c on c.document_id = l.document_id and c.id = l.job_id
  where c.status = $1
    and ($2::timestamptz is null or (c.created_at, c.id) < ($2, $3::uuid))
  order by c.created_at desc, c.id desc
  limit $4
)
select document_id, id, status, strategy, started_at, completed_at, progress::float8 as progress, current_zone_id,
       total_zones, completed_zones, error_count, options, metrics, created_at, updated_at, version, queue, priority,
       attempt, max_attempts, total_pages, completed_pages, error_class, error_code, error_message,
       created_by, page_numbers, zone_ids, run_at, timeout_seconds, job_key, depends_on,
       (select d.filename from public.documents d where d.id = jobs.document_id) as filename
from jobs
order by created_at desc, id desc
