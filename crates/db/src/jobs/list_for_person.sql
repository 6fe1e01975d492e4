-- jobs/list_for_person: as jobs/list, of documents that a person owns or that others share with them. The owner's
-- documents are joined by name, so that the planner, who knows how many they are, begins with them or with the newest
-- jobs, whichever is less.
with own as (
  select c.*
  from public.processing_jobs c
  join public.documents d on d.id = c.document_id
  where d.uploaded_by = $5
    and ($1::text is null or c.status = $1)
    and ($2::timestamptz is null or (c.created_at, c.id) < ($2, $3::uuid))
  order by c.created_at desc, c.id desc
  limit $4
), shared as (
  select c.*
  from public.processing_jobs c
  join public.documents d on d.id = c.document_id
  where c.document_id = any (array(select colophon.shared_documents('viewer')))
    and d.uploaded_by is distinct from $5
    and ($1::text is null or c.status = $1)
    and ($2::timestamptz is null or (c.created_at, c.id) < ($2, $3::uuid))
  order by c.created_at desc, c.id desc
  limit $4
)
select document_id, id, status, strategy, started_at, completed_at, progress::float8 as progress, current_zone_id,
       total_zones, completed_zones, error_count, options, metrics, created_at, updated_at, version, queue, priority,
       attempt, max_attempts, total_pages, completed_pages, error_class, error_code, error_message,
       created_by, page_numbers, zone_ids, run_at, timeout_seconds, job_key, depends_on,
       (select d.filename from public.documents d where d.id = jobs.document_id) as filename
from (table own union all table shared) jobs
order by created_at desc, id desc
limit $4
