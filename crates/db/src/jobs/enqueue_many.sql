-- jobs/enqueue_many: many jobs in one statement: live rows, records and their first lines of history. A key that a live
-- job has makes no second one: job_id is then that job, or NULL where it came to be a moment ago. Owners' jobs stand one
-- behind the other (colophon.next_position), looked up once for each owner. Arrays within come as text, since arrays of
-- arrays must be of one length.
with engine as materialized (
  select set_config('colophon.engine', 'on', true)
), given as materialized (
  select g.*, d.uploaded_by as owner, d.version as current_version, d.page_count
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::int4[], $6::text[], $7::int2[], $8::int2[], $9::text[],
              $10::text[], $11::text[], $12::text[], $13::timestamptz[], $14::int4[], $15::text[])
    with ordinality as g (document_id, id, strategy, options, version, queue, priority, max_attempts, created_by,
      page_numbers, zone_ids, depends_on, run_at, timeout_seconds, job_key, ordinal)
  left join public.documents d on d.id = g.document_id
), groups as materialized (
  select g.queue, g.strategy, g.priority, g.owner, colophon.next_position(g.queue, g.strategy, g.priority, g.owner) as position
  from (select distinct g.queue, g.strategy, g.priority, g.owner from given g) g
), live as (
  insert into public.job_queue (
    job_id, document_id, queue, strategy, priority, max_attempts, owner, position, run_at, timeout_seconds, job_key, is_whole, state)
  select g.id, g.document_id, g.queue, g.strategy, g.priority, g.max_attempts, g.owner,
         r.position - 1 + row_number() over (partition by g.queue, g.strategy, g.priority, g.owner order by g.ordinal),
         coalesce(g.run_at, now()), g.timeout_seconds, g.job_key, g.page_numbers is null and g.zone_ids is null,
         case when g.depends_on is not null then 'waiting' when g.run_at > clock_timestamp() then 'scheduled' else 'queued' end
  from given g
  join groups r on r.queue = g.queue and r.strategy = g.strategy and r.priority = g.priority
    and r.owner is not distinct from g.owner
  on conflict do nothing
  returning job_id
), jobs as (
  insert into public.processing_jobs (
    document_id, id, strategy, options, version, queue, priority, max_attempts, total_pages, created_by, page_numbers, zone_ids,
    depends_on, run_at, timeout_seconds, job_key)
  select g.document_id, g.id, g.strategy, g.options, coalesce(g.version, g.current_version), g.queue, g.priority,
         g.max_attempts, coalesce(cardinality(g.page_numbers::int4[]), case when g.zone_ids is null then g.page_count end),
         g.created_by, g.page_numbers::int4[], g.zone_ids::uuid[], g.depends_on::uuid[], g.run_at, g.timeout_seconds, g.job_key
  from given g
  join live l on l.job_id = g.id
  cross join engine
), history as (
  insert into public.processing_history (document_id, id, job_id, action, status, details)
  select g.document_id, gen_random_uuid(), g.id, 'enqueued', 'queued', jsonb_build_object('strategy', g.strategy)
  from given g
  join live l on l.job_id = g.id
)
select g.id, coalesce(l.job_id, (
  select q.job_id from public.job_queue q
  where coalesce(q.owner, '') = coalesce(g.owner, '') and q.job_key = g.job_key)) as job_id
from given g
left join live l on l.job_id = g.id
order by g.ordinal
