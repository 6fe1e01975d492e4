-- jobs/get_many: jobs by their identifiers, in the order in which they are named
select document_id, id, status, strategy, started_at, completed_at, progress::float8 as progress, current_zone_id,
       total_zones, completed_zones, error_count, options, metrics, created_at, updated_at, version, queue, priority,
       attempt, max_attempts, total_pages, completed_pages, error_class, error_code, error_message,
       created_by, page_numbers, zone_ids, run_at, timeout_seconds, job_key, depends_on,
       (select d.filename from public.documents d where d.id = processing_jobs.document_id) as filename
from unnest($1::uuid[]) with ordinality as named (job_id, ordinal)
join public.processing_jobs on id = job_id
order by ordinal
