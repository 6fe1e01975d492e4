-- queue/claim: lease up to $4 jobs. A class is a queue, a strategy and a priority; $1, $2, $3 name the classes, $5 from
-- which position on each is looked at (where the turns stand: what is before it is dead, or waits for the next look from
-- the start). Classes come by priority, and where $8 says so the one first whose head has waited longest: so no priority
-- starves, and an old backlog does not outrank what is urgent either. Within a class, by position: owners take turns.
--
-- SKIP LOCKED, so that claimers never wait for each other; MATERIALIZED, so that the planner cannot run a LIMIT twice.
-- The row locks end with this statement's transaction: what protects a job afterwards is the lease, and lease_seq is its
-- fence. The commit is not waited for on the disk: where the server dies before it is there, the job is queued as it was, and
-- the fence of the next claim is another one, since it is the time in microseconds. So nobody starts later for the disk's
-- sake, and what a worker says in the end is durable with all that led to it. Rows beyond a limit of a strategy or an owner are left as they are. A job whose record has ended by hand is not
-- given out; its live row falls to queue/reap. A document that somebody else has locked is not waited for: it says
-- 'processing' a moment later, or never.
with engine as materialized (
  select set_config('colophon.engine', 'on', true), set_config('synchronous_commit', 'off', true)
), limits as materialized (
  select kind, name, max_running from public.job_limits
), running as materialized (
  select q.strategy, q.owner, count(*) as running
  from public.job_queue q
  where q.state = 'running' and exists (select from limits)
  group by q.strategy, q.owner
), full_owners as materialized (
  select r.owner
  from running r
  join lateral (select l.max_running from limits l where l.kind = 'owner' and l.name in (r.owner, '*')
    order by l.name = '*' limit 1) l on true
  group by r.owner, l.max_running
  having sum(r.running) >= l.max_running
), heads as materialized (
  select c.queue, c.strategy, c.priority, c.position,
         case when l.max_running is null then $4::int8
           else greatest(0, least($4::int8, l.max_running
             - (select coalesce(sum(r.running), 0) from running r where r.strategy = c.strategy))) end::bigint as room
  from unnest($1::text[], $2::text[], $3::int2[], $5::int8[]) as c (queue, strategy, priority, position)
  cross join lateral (
    select q.run_at from public.job_queue q
    where q.state = 'queued' and q.queue = c.queue and q.strategy = c.strategy and q.priority = c.priority
      and q.position >= c.position
    order by q.position
    limit 1) h
  left join lateral (select l.max_running from limits l where l.kind = 'strategy' and l.name in (c.strategy, '*')
    order by l.name = '*' limit 1) l on true
  where not exists (select from public.paused_queues p where p.queue = c.queue)
  order by case when $8 and h.run_at < clock_timestamp() - interval '1 minute' then h.run_at end nulls last,
           c.priority, h.run_at
), picked as materialized (
  select p.place, h.strategy, p.owner, p.position, h.room
  from heads h
  cross join lateral colophon.pick_jobs(
    h.queue, h.strategy, h.priority, h.position, array(select f.owner from full_owners f where f.owner is not null), h.room) p
  limit $4::int8
), numbered as (
  select p.place, p.room, p.owner,
         row_number() over (partition by p.strategy order by p.position) as of_strategy,
         row_number() over (partition by p.owner order by p.position) as of_owner
  from picked p
), chosen as (
  select p.place from picked p where not exists (select from limits)
  union all
  select n.place
  from numbered n
  where exists (select from limits) and n.of_strategy <= n.room
    and n.of_owner <= coalesce((
      select l.max_running - (select coalesce(sum(r.running), 0) from running r where r.owner is not distinct from n.owner)
      from limits l where l.kind = 'owner' and l.name in (n.owner, '*')
      order by l.name = '*' limit 1), n.of_owner)
), claimed as (
  update public.job_queue q
  set state = 'running', attempt = q.attempt + 1, worker = $7,
      lease_seq = greatest(q.lease_seq + 1, (date_part('epoch', clock_timestamp()) * 1000000)::bigint), started_at = clock_timestamp(),
      lease_until = clock_timestamp() + make_interval(secs => least($6::float8, q.timeout_seconds)),
      deadline_at = clock_timestamp() + make_interval(secs => q.timeout_seconds)
  from chosen c
  where q.ctid = c.place
  returning q.job_id, q.document_id, q.queue, q.strategy, q.priority, q.attempt, q.max_attempts, q.lease_seq, q.started_at,
            q.lease_until, q.deadline_at, q.position, q.run_at
), jobs as (
  update public.processing_jobs j
  set status = 'running', attempt = c.attempt, started_at = coalesce(j.started_at, c.started_at),
      status_changed_at = c.started_at, updated_at = c.started_at
  from claimed c
  cross join engine
  where j.document_id = c.document_id and j.id = c.job_id and j.status in ('queued', 'retrying')
  returning c.*, j.version, j.options, j.page_numbers, j.zone_ids, j.started_at = c.started_at as is_first
), documents as materialized (
  -- A join: where a sub-select named the document's version, every document was walked through for each claim. After the
  -- records, against everybody's order: whoever never waits is in no deadlock.
  select d.id
  from jobs j
  join public.documents d on d.id = j.document_id and d.version = j.version
  where d.status <> 'processing' and j.page_numbers is null and j.zone_ids is null
  for no key update of d skip locked
), document as (
  update public.documents d set status = 'processing', status_detail = null
  from documents l where d.id = l.id
), history as (
  insert into public.processing_history (document_id, id, job_id, action, status, details, duration_ms, created_at)
  select document_id, gen_random_uuid(), job_id, 'claimed', 'running',
         jsonb_build_object('attempt', attempt, 'worker', $7::text, 'strategy', strategy),
         greatest(0, least(date_part('epoch', started_at - run_at) * 1000, 2147483647))::integer, started_at
  from jobs
)
select j.job_id, j.document_id, j.queue, j.strategy, j.priority, j.position, j.attempt, j.max_attempts, j.lease_seq,
       j.started_at, j.lease_until, j.deadline_at, j.version, j.options, j.page_numbers, j.zone_ids,
       j.is_first, v.storage_path, v.page_count
from jobs j
left join public.document_versions v on v.document_id = j.document_id and v.version = j.version
