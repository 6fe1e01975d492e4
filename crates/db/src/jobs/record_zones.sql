-- jobs/record_zones: outcomes of the zones that a job names, and its progress with them; as jobs/record_pages
with recorded as (
  insert into public.processing_job_zones as z (
    document_id, job_id, zone_id, outcome, attempt, error_class, error_code, error_message, duration_ms, stages)
  select $1, $2, r.zone_id, r.outcome, $3, r.error_class, r.error_code, r.error_message, r.duration_ms, r.stages
  from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int4[], $10::jsonb[])
    as r (zone_id, outcome, error_class, error_code, error_message, duration_ms, stages)
  on conflict (document_id, job_id, zone_id) do update
  set outcome = excluded.outcome, attempt = excluded.attempt, error_class = excluded.error_class,
      error_code = excluded.error_code, error_message = excluded.error_message, duration_ms = excluded.duration_ms,
      stages = excluded.stages, finished_at = excluded.finished_at
  returning zone_id, outcome
), counts as (
  select count(*) filter (where z.outcome = 'completed') as completed, count(*) filter (where z.outcome = 'failed') as failed,
         count(*) as ended
  from (
    select zone_id, outcome from recorded
    union all
    select zone_id, outcome from public.processing_job_zones
    where document_id = $1 and job_id = $2 and zone_id <> all ($4)) z
)
update public.processing_jobs j
set completed_zones = c.completed, error_count = c.failed, total_zones = cardinality(j.zone_ids),
    progress = round(least(100, 100.0 * c.ended / cardinality(j.zone_ids)), 2)
from counts c
where j.document_id = $1 and j.id = $2 and j.zone_ids is not null
