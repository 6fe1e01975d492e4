-- jobs/list: newest first, keyset on (created_at, id). Sent unprepared, as documents/list.
with jobs as (
  select *
  from public.processing_jobs
  where ($1::text is null or status = $1)
    and ($2::uuid is null or document_id = $2)
    and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
  order by created_at desc, id desc
  limit $5
)
select document_id, id, status, strategy, started_at, completed_at, progress::float8 as progress, current_zone_id,
       total_zones, completed_zones, error_count, options, metrics, created_at, updated_at, version, queue, priority,
       attempt, max_attempts, total_pages, completed_pages, error_class, error_code, error_message,
       created_by, page_numbers, zone_ids, run_at, timeout_seconds, job_key, depends_on,
       (select d.filename from public.documents d where d.id = jobs.document_id) as filename
from jobs
order by created_at desc, id desc
