-- jobs/pages: the outcome of each page so far
select page_number, outcome, attempt, zone_count, error_class, error_code, error_message, duration_ms, stages,
       strategy, reason
from public.processing_job_pages
where document_id = $1 and job_id = $2
order by page_number
