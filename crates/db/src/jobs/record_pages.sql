-- jobs/record_pages: outcomes of some pages, and the job's progress with them. A page that failed before and is read
-- now is overwritten: one row says how the page ended last.
with recorded as (
  insert into public.processing_job_pages as p (
    document_id, job_id, page_number, outcome, attempt, zone_count, error_code, error_message, duration_ms, error_class,
    stages, strategy, reason)
  select $1, $2, r.page_number, r.outcome, $3, r.zone_count, r.error_code, r.error_message, r.duration_ms, r.error_class,
         r.stages, r.strategy, r.reason
  from unnest($4::int4[], $5::text[], $6::int4[], $7::text[], $8::text[], $9::int4[], $10::text[], $11::jsonb[], $12::text[],
      $13::text[])
    as r (page_number, outcome, zone_count, error_code, error_message, duration_ms, error_class, stages, strategy, reason)
  on conflict (document_id, job_id, page_number) do update
  set outcome = excluded.outcome, attempt = excluded.attempt, zone_count = excluded.zone_count,
      error_code = excluded.error_code, error_message = excluded.error_message,
      duration_ms = excluded.duration_ms, error_class = excluded.error_class, stages = excluded.stages,
      strategy = excluded.strategy, reason = excluded.reason, finished_at = excluded.finished_at
  returning page_number, outcome, zone_count
), pages as (
  -- the statement's own writes are not in its snapshot, so rows of before and of now are added up
  select page_number, outcome, zone_count from recorded
  union all
  select page_number, outcome, zone_count from public.processing_job_pages
  where document_id = $1 and job_id = $2 and page_number <> all ($4)
), counts as (
  select count(*) filter (where outcome = 'completed') as completed, count(*) filter (where outcome = 'failed') as failed,
         count(*) as ended, coalesce(sum(zone_count), 0) as zones
  from pages
)
update public.processing_jobs j
set completed_pages = c.completed, error_count = c.failed, completed_zones = c.zones,
    progress = case when j.total_pages > 0 then round(least(100, 100.0 * c.ended / j.total_pages), 2) else j.progress end
from counts c
where j.document_id = $1 and j.id = $2
