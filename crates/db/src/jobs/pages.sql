-- jobs/pages: the outcome of each page so far
select page_number, outcome, attempt, zone_count, error_code, error_message, duration_ms
from public.processing_job_pages
where document_id = $1 and job_id = $2
order by page_number
