-- The job engine: units of a job (pages, zones), keys, dependencies, deadlines, limits, pauses, fairness between owners.
-- New nullable columns (no rewrite) and new tables; processing_jobs and job_queue are locked for an instant (ACCESS
-- EXCLUSIVE), job_queue while its few live rows are given an owner and its new indexes are built.
-- Back: rollbacks/20261124000000_job_engine.sql. Live jobs stay live; those that wait for others, or were put aside, wait
-- as jobs whose time has not come.

-- What was asked ------------------------------------------------------------------------------------------------------

alter table public.processing_jobs
  -- NULL for both: every page. A job that names pages or zones says nothing of the document's status.
  add column page_numbers    integer[],
  add column zone_ids        uuid[],
  -- Not before; NULL for at once.
  add column run_at          timestamptz,
  -- Seconds that one attempt may take, whatever its heartbeats say.
  add column timeout_seconds integer,
  -- One live job for a key and owner.
  add column job_key         text,
  -- Jobs that must have ended well before this one is claimed.
  add column depends_on      uuid[],
  -- What may be done about the last failure.
  add column error_class     text;
alter table public.processing_jobs
  add constraint processing_jobs_units_check check (
    (page_numbers is null or zone_ids is null) and cardinality(page_numbers) > 0 and cardinality(zone_ids) > 0
    and 0 < all (page_numbers)) not valid,
  add constraint processing_jobs_timeout_seconds_check check (timeout_seconds between 1 and 604800) not valid,
  add constraint processing_jobs_job_key_check check (char_length(job_key) between 1 and 200) not valid,
  add constraint processing_jobs_depends_on_check check (cardinality(depends_on) between 1 and 100) not valid,
  add constraint processing_jobs_error_class_check check (error_class in ('transient', 'permanent', 'poison')) not valid;
-- No index holds a column that changes while a job is worked on, so that its updates stay on their page (HOT).
alter table public.processing_jobs set (fillfactor = 60);
alter table public.processing_jobs alter column id set default colophon.uuid_v7();
grant insert (page_numbers, zone_ids, run_at, timeout_seconds, job_key, depends_on, max_attempts) on public.processing_jobs to authenticated;

-- The live table --------------------------------------------------------------------------------------------------------

-- state: queued, scheduled (its time has not come), waiting (for other jobs), paused, running.
-- position: who comes first among the queued of a queue, strategy and priority. An owner's jobs stand one behind the
-- other from where the queue is now, so that owners take turns (start-time fair queueing, Goyal 1996, with a job as the
-- unit): the first job of one is not behind the 40,000 of another.
alter table public.job_queue
  add column owner           text collate "C",
  add column position        bigint,
  add column deadline_at     timestamptz,
  add column timeout_seconds integer,
  add column job_key         text,
  -- Attempts that ended without a word, or by the file's doing.
  -- lint-ignore: adding-field-with-default a constant: no rewrite
  add column kills           smallint not null default 0,
  -- Whether the job names neither pages nor zones: its end is its document's, which is locked before the record.
  -- lint-ignore: adding-field-with-default a constant: no rewrite
  add column is_whole        boolean  not null default true;
-- cancel_requested is read no more (a running job is cancelled at once, and its fence tells the worker). It stays for the
-- way back: a column that comes again would stand at another place.
update public.job_queue q set owner = d.uploaded_by, position = 0 from public.documents d where d.id = q.document_id;
update public.job_queue set position = 0 where position is null;
-- lint-ignore: adding-not-nullable-field the table holds live work alone: a few rows
alter table public.job_queue alter column position set not null;
-- lint-ignore: ban-drop-constraint the one below knows the new states
alter table public.job_queue drop constraint job_queue_state_check;
-- lint-ignore: constraint-missing-not-valid as above
alter table public.job_queue
  add constraint job_queue_state_check check (state in ('queued', 'scheduled', 'waiting', 'paused', 'running'));
-- lint-ignore: require-concurrent-index-deletion as above
drop index public.job_queue_claim_idx;
-- lint-ignore: require-concurrent-index-creation as above
create index job_queue_claim_idx on public.job_queue (queue, strategy, priority, position) where state = 'queued';
-- lint-ignore: require-concurrent-index-creation as above
create index job_queue_owner_idx on public.job_queue (queue, strategy, priority, owner, position) where state = 'queued';
-- lint-ignore: require-concurrent-index-creation as above
create index job_queue_waiting_idx on public.job_queue (job_id) where state = 'waiting';
-- lint-ignore: require-concurrent-index-creation as above
create unique index job_queue_job_key_key on public.job_queue (coalesce(owner, ''), job_key) where job_key is not null;

-- A document that is purged takes its live work with it. Before the records go, which say what is live of it: an index of the
-- queue by document would be written at every claim. What a worker holds at this moment is left to queue/reap, as ever.
create or replace function colophon.drop_live_work() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.job_queue q
  where q.job_id in (
    select w.job_id
    from public.processing_jobs j
    join public.job_queue w on w.job_id = j.id
    where j.document_id = old.id and j.completed_at is null
    for update of w skip locked);
  return old;
end
$$;
revoke all on function colophon.drop_live_work() from public;
-- lint-ignore: ban-drop-trigger created again below
drop trigger documents_live_work on public.documents;
create trigger documents_live_work before delete on public.documents
  for each row execute function colophon.drop_live_work();

-- Where the turns of a queue, strategy and priority stand: the position that was claimed last, said now and then by the
-- workers. New jobs stand behind it, and a claim begins its scan there, so that dead rows before it cost nothing while an
-- old transaction keeps them.
create table colophon.job_positions (
  queue    text collate "C" not null,
  strategy text collate "C" not null,
  priority smallint not null,
  position bigint not null,
  primary key (queue, strategy, priority)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);

-- How many jobs of a strategy, or of an owner, may run at once; '*' for each that has no limit of its own.
create table public.job_limits (
  kind        text not null,
  name        text not null,
  max_running integer not null,
  primary key (kind, name),
  constraint job_limits_kind_check check (kind in ('strategy', 'owner')),
  constraint job_limits_name_check check (char_length(name) between 1 and 200),
  constraint job_limits_max_running_check check (max_running >= 0)
);

-- Queues of which nothing is claimed.
create table public.paused_queues (
  queue     text collate "C" primary key,
  reason    text,
  paused_by text default (auth.uid())::text,
  paused_at timestamptz not null default now(),
  constraint paused_queues_queue_check check (char_length(queue) between 1 and 50),
  constraint paused_queues_reason_check check (char_length(reason) <= 1000)
);

alter table colophon.job_positions enable row level security;
alter table public.job_limits enable row level security;
alter table public.paused_queues enable row level security;
revoke all on colophon.job_positions, public.job_limits, public.paused_queues from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.job_positions, public.job_limits, public.paused_queues to service_role;
-- service_role passes by row-level security; this says that it alone is meant.
create policy job_positions_select on colophon.job_positions for select to service_role using (true);
create policy job_limits_select on public.job_limits for select to service_role using (true);
create policy paused_queues_select on public.paused_queues for select to service_role using (true);

-- A live row says nothing that its record does not say: what is not given is taken from there, whoever inserts. Definer,
-- since a person may not see the queue.
create function colophon.fill_live_job() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  job public.processing_jobs;
begin
  select j.* into job from public.processing_jobs j where j.document_id = new.document_id and j.id = new.job_id;
  if found then
    new.queue := job.queue;
    new.strategy := coalesce(job.strategy, '');
    new.priority := job.priority;
    new.max_attempts := job.max_attempts;
    new.timeout_seconds := job.timeout_seconds;
    new.job_key := job.job_key;
    new.is_whole := job.page_numbers is null and job.zone_ids is null;
    new.run_at := coalesce(job.run_at, new.run_at);
    if new.state = 'queued' then
      new.state := case when job.depends_on is not null then 'waiting'
                        when new.run_at > clock_timestamp() then 'scheduled' else 'queued' end;
    end if;
  end if;
  new.owner := (select d.uploaded_by from public.documents d where d.id = new.document_id);
  new.position := colophon.next_position(new.queue, new.strategy, new.priority, new.owner);
  return new;
end
$$;
revoke all on function colophon.fill_live_job() from public;

-- Where an owner's next job stands: behind its last one, and never before where the turns are. A function for its settings:
-- the server believes the queue to be short, and would rather read all that the owner has there than the last of it.
create function colophon.next_position(queue text, strategy text, priority smallint, owner text) returns bigint
language plpgsql stable set search_path = '' set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
declare
  now_at bigint := coalesce((
    select p.position from colophon.job_positions p
    where p.queue = next_position.queue and p.strategy = next_position.strategy and p.priority = next_position.priority), 0);
  last bigint;
begin
  if next_position.owner is null then
    select q.position into last
    from public.job_queue q
    where q.state = 'queued' and q.queue = next_position.queue and q.strategy = next_position.strategy
      and q.priority = next_position.priority and q.owner is null and q.position > now_at
    order by q.owner desc, q.position desc
    limit 1;
  else
    select q.position into last
    from public.job_queue q
    where q.state = 'queued' and q.queue = next_position.queue and q.strategy = next_position.strategy
      and q.priority = next_position.priority and q.owner = next_position.owner and q.position > now_at
    order by q.position desc
    limit 1;
  end if;
  return 1 + coalesce(last, now_at);
end
$$;
revoke all on function colophon.next_position(text, text, smallint, text) from public;
grant execute on function colophon.next_position(text, text, smallint, text) to service_role;
create trigger job_queue_filled before insert on public.job_queue
  for each row when (new.position is null) execute function colophon.fill_live_job();

-- The next jobs of a class, locked until the transaction ends, with the place of each (ctid), which stands as long as the
-- lock does. A function for its settings alone: the server does not know beforehand how many are wanted, and would rather
-- sort the whole class than walk the index to the first few; and would read whole tables for as many as it believes to come,
-- hence "rows 1".
create function colophon.pick_jobs(
  queue text, strategy text, priority smallint, from_position bigint, full_owners text[], most bigint)
returns table (place tid, owner text, "position" bigint)
language plpgsql volatile rows 1 set search_path = '' set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off as $$
#variable_conflict use_column
begin
  return query
  select q.ctid, q.owner, q.position
  from public.job_queue q
  where q.state = 'queued' and q.queue = pick_jobs.queue and q.strategy = pick_jobs.strategy
    and q.priority = pick_jobs.priority and q.position >= pick_jobs.from_position
    and (q.owner is null or q.owner <> all (pick_jobs.full_owners))
  order by q.position
  limit pick_jobs.most
  for update skip locked;
end
$$;
revoke all on function colophon.pick_jobs(text, text, smallint, bigint, text[], bigint) from public;
grant execute on function colophon.pick_jobs(text, text, smallint, bigint, text[], bigint) to service_role;

-- The record ------------------------------------------------------------------------------------------------------------

-- The engine's own statements are fenced, and write their lines of history in bulk; they say so by colophon.engine.
-- Whoever else changes a job is watched row by row, as before. What must never happen is refused to both, without a call:
-- the list is that of colophon.job_transitions(), and a test tries every pair.
create or replace function colophon.check_job_transition() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'a job cannot go from % to %', old.status, new.status
    using errcode = 'check_violation', constraint = 'processing_jobs_transition_check',
          schema = 'public', table = 'processing_jobs';
end
$$;
revoke all on function colophon.check_job_transition() from public;
create function colophon.touch_job_status() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.status_changed_at := clock_timestamp();
  return new;
end
$$;
revoke all on function colophon.touch_job_status() from public;

-- lint-ignore: ban-drop-trigger created again below
drop trigger processing_jobs_transition on public.processing_jobs;
create trigger processing_jobs_transition before update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status and (old.status || ' ' || new.status) <> all (array[
    'queued running', 'queued paused', 'queued cancelled', 'queued failed',
    'running completed', 'running partially_completed', 'running failed', 'running cancelled',
    'running retrying', 'running paused', 'running queued',
    'retrying running', 'retrying paused', 'retrying cancelled', 'retrying failed',
    'paused queued', 'paused cancelled',
    'failed queued', 'partially_completed queued', 'cancelled queued']))
  execute function colophon.check_job_transition();
create trigger processing_jobs_status_changed before update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status and new.status_changed_at is not distinct from old.status_changed_at)
  execute function colophon.touch_job_status();
-- lint-ignore: ban-drop-trigger created again below
drop trigger processing_jobs_touch on public.processing_jobs;
create trigger processing_jobs_touch before update on public.processing_jobs
  for each row when (new.updated_at is not distinct from old.updated_at) execute function colophon.touch_updated_at();
-- lint-ignore: ban-drop-trigger created again below
drop trigger processing_jobs_recorded on public.processing_jobs;
create trigger processing_jobs_recorded after update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status
    and (current_setting('colophon.engine', true) is distinct from 'on' or current_user = 'authenticated'))
  execute function colophon.record_job_transition();
-- lint-ignore: ban-drop-trigger created again below
drop trigger processing_jobs_enqueued on public.processing_jobs;
create trigger processing_jobs_enqueued after insert on public.processing_jobs
  for each row when (current_setting('colophon.engine', true) is distinct from 'on' or current_user = 'authenticated')
  execute function colophon.record_job_transition();
-- lint-ignore: ban-drop-trigger created again below
drop trigger processing_jobs_queued on public.processing_jobs;
-- A job for some pages or zones says nothing of the document, and a job of the past neither.
create trigger processing_jobs_queued after insert on public.processing_jobs
  for each row when (new.page_numbers is null and new.zone_ids is null and new.completed_at is null)
  execute function colophon.queue_document();
alter table public.processing_history alter column created_at set default clock_timestamp();

-- Where a document stands whose current version is this one: what its last job for the whole of it made of it. A job that
-- was called off leaves it to the one before. A document need not have a version: then its jobs alone say it.
create or replace function colophon.status_of_version(document_id uuid, version integer) returns text
language sql stable set search_path = '' as $$
  select case
    when v.version is not null and v.page_count is null and v.encryption is not null then 'password_required'
    when v.version is not null and v.page_count is null then 'damaged'
    else coalesce((
      select case j.status
        when 'completed' then 'processed'
        when 'partially_completed' then 'partially_processed'
        when 'failed' then 'failed'
        when 'running' then 'processing'
        else 'queued'
      end
      from public.processing_jobs j
      where j.document_id = status_of_version.document_id and j.version = status_of_version.version
        and j.page_numbers is null and j.zone_ids is null and j.status <> 'cancelled'
      order by j.completed_at is null desc, j.created_at desc, j.id desc
      limit 1), 'uploaded')
  end
  from (select) one
  left join public.document_versions v
    on v.document_id = status_of_version.document_id and v.version = status_of_version.version
$$;
revoke all on function colophon.status_of_version(uuid, integer) from public;
grant execute on function colophon.status_of_version(uuid, integer) to authenticated, service_role;

-- Units -----------------------------------------------------------------------------------------------------------------

alter table public.processing_job_pages
  add column error_class text,
  -- Milliseconds by stage: {"render": 120, "recognise": 900, …}.
  add column stages      jsonb,
  -- The strategy that read it, where the job's chooses ("auto"), and why.
  add column strategy    text,
  add column reason      text;
alter table public.processing_job_pages
  add constraint processing_job_pages_error_class_check check (error_class in ('transient', 'permanent', 'poison')) not valid,
  add constraint processing_job_pages_stages_check check (jsonb_typeof(stages) = 'object') not valid;

create table public.processing_job_zones (
  document_id   uuid not null,
  job_id        uuid not null,
  -- No foreign key on purpose: the outcome outlives the zone.
  zone_id       uuid not null,
  outcome       text not null,
  attempt       smallint not null,
  error_class   text,
  error_code    text,
  error_message text,
  duration_ms   integer,
  stages        jsonb,
  finished_at   timestamptz not null default now(),
  primary key (document_id, job_id, zone_id),
  foreign key (document_id, job_id) references public.processing_jobs (document_id, id) on delete cascade,
  constraint processing_job_zones_outcome_check check (outcome in ('completed', 'failed')),
  constraint processing_job_zones_error_check check ((outcome = 'failed') = (error_code is not null)),
  constraint processing_job_zones_error_class_check check (error_class in ('transient', 'permanent', 'poison')),
  constraint processing_job_zones_stages_check check (jsonb_typeof(stages) = 'object')
);
alter table public.processing_job_zones enable row level security;
revoke all on public.processing_job_zones from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.processing_job_zones to service_role;
grant select on public.processing_job_zones to authenticated;
create policy processing_job_zones_select on public.processing_job_zones for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));

-- A person's word about a job ---------------------------------------------------------------------------------------------
-- Definer: a person may change neither the record nor the queue, but may ask for this. Each locks the live row first, as
-- the engine does. They give the document and the status that the job has now, and whether it changed; no row where there
-- is no such job for the caller.

-- Whether the caller may have a document processed.
create function colophon.may_process(document_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select current_setting('role', true) = 'service_role' or exists (
    select from public.documents d
    where d.id = may_process.document_id
      and (d.uploaded_by = (select auth.uid())::text
        or (d.deleted_at is null and d.id in (select colophon.shared_documents('editor')))))
$$;
revoke all on function colophon.may_process(uuid) from public;
grant execute on function colophon.may_process(uuid) to authenticated, service_role;

-- What follows for the document from a job that a person changed.
create function colophon.settle_document(job public.processing_jobs) returns void
language plpgsql set search_path = '' as $$
begin
  if job.page_numbers is null and job.zone_ids is null then
    update public.documents d set status = colophon.status_of_version(d.id, d.version), status_detail = null
    where d.id = job.document_id and d.version = job.version
      and d.status is distinct from colophon.status_of_version(d.id, d.version);
  end if;
end
$$;
revoke all on function colophon.settle_document(public.processing_jobs) from public;
grant execute on function colophon.settle_document(public.processing_jobs) to service_role;

-- Locks a live job, its document and its record, in the order in which everybody does; null where there is none for the
-- caller.
create function colophon.lock_job(id uuid) returns public.processing_jobs
language plpgsql security definer set search_path = '' as $$
declare
  job public.processing_jobs;
begin
  perform from public.job_queue q where q.job_id = lock_job.id for update;
  select j.* into job from public.processing_jobs j where j.id = lock_job.id;
  if not found or not colophon.may_process(job.document_id) then return null; end if;
  if job.page_numbers is null and job.zone_ids is null then
    perform from public.documents d where d.id = job.document_id for no key update;
  end if;
  select j.* into job from public.processing_jobs j
  where j.document_id = job.document_id and j.id = lock_job.id for no key update;
  return job;
end
$$;
revoke all on function colophon.lock_job(uuid) from public;
grant execute on function colophon.lock_job(uuid) to service_role;

create function colophon.cancel_job(id uuid) returns table (document_id uuid, status text, changed boolean)
language plpgsql security definer set search_path = '' as $$
declare
  job public.processing_jobs;
  live public.job_queue;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  select q.* into live from public.job_queue q where q.job_id = cancel_job.id;
  if job.completed_at is not null then
    return query select job.document_id, job.status, false;
    return;
  end if;
  if live.state = 'running' then
    insert into public.processing_attempts (document_id, job_id, lease_seq, attempt, outcome, worker, started_at)
    values (live.document_id, live.job_id, live.lease_seq, live.attempt, 'cancelled', live.worker, live.started_at);
  end if;
  delete from public.job_queue q where q.job_id = cancel_job.id;
  update public.processing_jobs j set status = 'cancelled', completed_at = clock_timestamp()
  where j.document_id = job.document_id and j.id = cancel_job.id;
  perform colophon.settle_document(job);
  return query select job.document_id, 'cancelled'::text, true;
end
$$;

create function colophon.pause_job(id uuid) returns table (document_id uuid, status text, changed boolean)
language plpgsql security definer set search_path = '' as $$
declare
  job public.processing_jobs;
  live public.job_queue;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  select q.* into live from public.job_queue q where q.job_id = pause_job.id;
  if live.job_id is null or job.status not in ('queued', 'running', 'retrying') then
    return query select job.document_id, job.status, false;
    return;
  end if;
  if live.state = 'running' then
    insert into public.processing_attempts (document_id, job_id, lease_seq, attempt, outcome, worker, started_at)
    values (live.document_id, live.job_id, live.lease_seq, live.attempt, 'released', live.worker, live.started_at);
  end if;
  update public.job_queue q
  set state = 'paused', lease_seq = q.lease_seq + 1, lease_until = null, deadline_at = null, worker = null, started_at = null,
      attempt = case when live.state = 'running' then greatest(q.attempt - 1, 0) else q.attempt end
  where q.job_id = pause_job.id;
  update public.processing_jobs j set status = 'paused' where j.document_id = job.document_id and j.id = pause_job.id;
  perform colophon.settle_document(job);
  return query select job.document_id, 'paused'::text, true;
end
$$;

create function colophon.resume_job(id uuid) returns table (document_id uuid, status text, changed boolean)
language plpgsql security definer set search_path = '' as $$
declare
  job public.processing_jobs;
  live public.job_queue;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  select q.* into live from public.job_queue q where q.job_id = resume_job.id;
  if live.job_id is null or job.status <> 'paused' then
    return query select job.document_id, job.status, false;
    return;
  end if;
  -- Its turn had come before: it stands where the queue is now.
  update public.job_queue q
  set state = case when job.depends_on is not null then 'waiting'
                   when q.run_at > clock_timestamp() then 'scheduled' else 'queued' end,
      position = greatest(q.position, coalesce((select p.position from colophon.job_positions p
        where p.queue = q.queue and p.strategy = q.strategy and p.priority = q.priority), 0))
  where q.job_id = resume_job.id;
  update public.processing_jobs j set status = 'queued' where j.document_id = job.document_id and j.id = resume_job.id;
  perform colophon.settle_document(job);
  return query select job.document_id, 'queued'::text, true;
end
$$;

-- Asks again for what did not end well; what is done stays done. Its attempts are counted on, under fences of their own:
-- they begin with the clock, above any that a worker may still hold. The last attempt on record is not enough: a job that
-- was ended by hand, past this, leaves none (crates/worker/tests/model.rs finds the way in).
create function colophon.retry_job(id uuid) returns table (document_id uuid, status text, changed boolean)
language plpgsql security definer set search_path = '' as $$
declare
  job public.processing_jobs;
begin
  job := colophon.lock_job(id);
  if job.id is null then return; end if;
  -- What waits for its time need wait no longer.
  if job.status = 'retrying' then
    update public.job_queue q set run_at = clock_timestamp() where q.job_id = retry_job.id and q.state = 'scheduled';
    return query select job.document_id, job.status, found;
    return;
  end if;
  if job.status not in ('failed', 'partially_completed', 'cancelled') then
    return query select job.document_id, job.status, false;
    return;
  end if;
  update public.processing_jobs j
  set status = 'queued', completed_at = null, run_at = null, error_code = null, error_message = null, error_class = null,
      max_attempts = least(100, j.attempt + 5)
  where j.document_id = job.document_id and j.id = retry_job.id;
  delete from public.job_queue q where q.job_id = retry_job.id;
  insert into public.job_queue (job_id, document_id, strategy, attempt, lease_seq)
  values (job.id, job.document_id, coalesce(job.strategy, ''), job.attempt,
    greatest((extract(epoch from clock_timestamp()) * 1000)::bigint,
      1 + (select max(a.lease_seq) from public.processing_attempts a
        where a.document_id = job.document_id and a.job_id = job.id)));
  perform colophon.settle_document(job);
  return query select job.document_id, 'queued'::text, true;
end
$$;
revoke all on function colophon.cancel_job(uuid), colophon.pause_job(uuid), colophon.resume_job(uuid), colophon.retry_job(uuid)
  from public;
grant execute on function colophon.cancel_job(uuid), colophon.pause_job(uuid), colophon.resume_job(uuid), colophon.retry_job(uuid)
  to authenticated, service_role;

-- The live job that has a key, if the caller may see its document.
create function colophon.live_job(document_id uuid, job_key text) returns uuid
language sql stable security definer set search_path = '' as $$
  select q.job_id from public.job_queue q
  where coalesce(q.owner, '') = coalesce((select d.uploaded_by from public.documents d where d.id = live_job.document_id), '')
    and q.job_key = live_job.job_key and colophon.may_process(q.document_id)
$$;
revoke all on function colophon.live_job(uuid, text) from public;
grant execute on function colophon.live_job(uuid, text) to authenticated, service_role;
