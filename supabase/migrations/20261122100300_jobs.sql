-- Jobs: what was asked (processing_jobs), what is live (job_queue), each attempt, the outcome of each page, and the
-- history of transitions. New tables only: locks nothing that exists.
-- Back: rollbacks/20261122100300_jobs.sql drops them with all rows.

create table public.processing_jobs (
  document_id     uuid not null references public.documents (id) on delete cascade,
  id              uuid not null default gen_random_uuid(),
  status          text not null default 'queued',
  strategy        text,
  started_at      timestamptz,
  completed_at    timestamptz,
  progress        numeric default 0,
  current_zone_id uuid,
  total_zones     integer,
  completed_zones integer default 0,
  error_count     integer default 0,
  options         jsonb default '{}'::jsonb,
  metrics         jsonb default '{}'::jsonb,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  version         integer not null default 1,
  queue           text not null default 'default',
  priority        smallint not null default 2,
  attempt         smallint not null default 0,
  max_attempts    smallint not null default 5,
  total_pages     integer,
  completed_pages integer not null default 0,
  error_code      text,
  error_message   text,
  created_by      text,
  status_changed_at timestamptz not null default now(),
  -- current_zone_id has no foreign key on purpose: it says where a job stood, and the zone may be gone since.
  primary key (document_id, id),
  constraint processing_jobs_status_check check (status in (
    'queued', 'running', 'paused', 'retrying', 'completed', 'partially_completed', 'failed', 'cancelled')),
  constraint processing_jobs_completed_at_check check (
    (completed_at is not null) = (status in ('completed', 'partially_completed', 'failed', 'cancelled'))),
  constraint processing_jobs_strategy_check check (char_length(strategy) <= 50),
  constraint processing_jobs_progress_check check (progress between 0 and 100),
  constraint processing_jobs_counts_check check (
    total_zones >= 0 and completed_zones >= 0 and error_count >= 0 and total_pages >= 0 and completed_pages >= 0),
  constraint processing_jobs_queue_check check (char_length(queue) between 1 and 50),
  constraint processing_jobs_priority_check check (priority between 1 and 4),
  constraint processing_jobs_attempt_check check (attempt >= 0 and max_attempts between 1 and 100)
);
create index processing_jobs_id_idx on public.processing_jobs (id);
create index processing_jobs_created_at_idx on public.processing_jobs (created_at desc, id desc);
create index processing_jobs_status_idx on public.processing_jobs (status, created_at desc, id desc);

create trigger processing_jobs_touch before update on public.processing_jobs
  for each row execute function colophon.touch_updated_at();

-- The state machine of a job. The same table stands in the domain crate; a test compares the two.
create function colophon.job_transitions() returns table (from_status text, to_status text)
language sql immutable parallel safe set search_path = '' as $$
  values
    ('queued', 'running'), ('queued', 'paused'), ('queued', 'cancelled'), ('queued', 'failed'),
    ('running', 'completed'), ('running', 'partially_completed'), ('running', 'failed'), ('running', 'cancelled'),
    ('running', 'retrying'), ('running', 'paused'), ('running', 'queued'),
    ('retrying', 'running'), ('retrying', 'paused'), ('retrying', 'cancelled'), ('retrying', 'failed'),
    ('paused', 'queued'), ('paused', 'cancelled'),
    ('failed', 'queued'), ('partially_completed', 'queued'), ('cancelled', 'queued')
$$;
revoke all on function colophon.job_transitions() from public;
grant execute on function colophon.job_transitions() to postgres, authenticated, service_role;

create function colophon.check_job_transition() returns trigger
language plpgsql set search_path = '' as $$
begin
  if not exists (
    select from colophon.job_transitions() t where t.from_status = old.status and t.to_status = new.status
  ) then
    raise exception 'a job cannot go from % to %', old.status, new.status
      using errcode = 'check_violation', constraint = 'processing_jobs_transition_check',
            schema = 'public', table = 'processing_jobs';
  end if;
  new.status_changed_at := clock_timestamp();
  return new;
end
$$;
revoke all on function colophon.check_job_transition() from public;
create trigger processing_jobs_transition before update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status) execute function colophon.check_job_transition();

-- The outcome of each page, so that a retry does only what is missing.
create table public.processing_job_pages (
  document_id   uuid not null,
  job_id        uuid not null,
  page_number   integer not null,
  outcome       text not null,
  attempt       smallint not null,
  zone_count    integer not null default 0,
  error_code    text,
  error_message text,
  duration_ms   integer,
  finished_at   timestamptz not null default now(),
  primary key (document_id, job_id, page_number),
  foreign key (document_id, job_id) references public.processing_jobs (document_id, id) on delete cascade,
  constraint processing_job_pages_outcome_check check (outcome in ('completed', 'failed')),
  constraint processing_job_pages_page_number_check check (page_number >= 1),
  constraint processing_job_pages_zone_count_check check (zone_count >= 0),
  constraint processing_job_pages_error_check check ((outcome = 'failed') = (error_code is not null))
);

create table public.processing_history (
  document_id   uuid not null,
  id            uuid not null default colophon.uuid_v7(),
  job_id        uuid not null,
  zone_id       uuid,
  action        text not null,
  status        text,
  details       jsonb,
  error_message text,
  duration_ms   integer,
  created_at    timestamptz default now(),
  -- zone_id has no foreign key on purpose: history outlives the zone it speaks of.
  primary key (document_id, id),
  foreign key (document_id, job_id) references public.processing_jobs (document_id, id) on delete cascade,
  constraint processing_history_action_check check (char_length(action) between 1 and 100),
  constraint processing_history_status_check check (char_length(status) <= 50)
);
create index processing_history_job_id_idx on public.processing_history (document_id, job_id, id);

create function colophon.fill_document_of_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  select j.document_id into new.document_id from public.processing_jobs j where j.id = new.job_id;
  return new;
end
$$;
revoke all on function colophon.fill_document_of_job() from public;
create trigger processing_history_document before insert on public.processing_history
  for each row when (new.document_id is null) execute function colophon.fill_document_of_job();

-- Every transition leaves a row, whoever made it. duration_ms is the time spent in the status that was left.
-- Definer, so that a person who may queue a job need not be allowed to write history.
create function colophon.record_job_transition() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.processing_history (document_id, job_id, action, status, details, error_message, duration_ms)
  values (
    new.document_id, new.id,
    case
      when tg_op = 'INSERT' then 'enqueued'
      when new.status = 'running' then 'claimed'
      when new.status = 'retrying' then 'retry_scheduled'
      when new.status = 'queued' then 'requeued'
      else new.status
    end,
    new.status,
    jsonb_strip_nulls(jsonb_build_object(
      'from', case when tg_op = 'UPDATE' then old.status end,
      'attempt', new.attempt, 'strategy', new.strategy, 'error_code', new.error_code)),
    new.error_message,
    case when tg_op = 'UPDATE' then
      least(extract(epoch from new.status_changed_at - old.status_changed_at) * 1000, 2147483647)::integer end);
  return null;
end
$$;
revoke all on function colophon.record_job_transition() from public;
create trigger processing_jobs_enqueued after insert on public.processing_jobs
  for each row execute function colophon.record_job_transition();
create trigger processing_jobs_recorded after update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status) execute function colophon.record_job_transition();

-- A document that is asked to be read is queued. Definer, since its owner may not write its status.
create function colophon.queue_document() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.documents set status = 'queued', status_detail = null
  where id = new.document_id and status in ('uploaded', 'processed', 'partially_processed', 'failed');
  return null;
end
$$;
revoke all on function colophon.queue_document() from public;
create trigger processing_jobs_queued after insert on public.processing_jobs
  for each row execute function colophon.queue_document();

-- One row for each attempt that ended; the running one stands in job_queue. lease_seq is the fence it held.
create table public.processing_attempts (
  document_id   uuid not null,
  job_id        uuid not null,
  lease_seq     bigint not null,
  attempt       smallint not null,
  outcome       text not null,
  worker        text,
  started_at    timestamptz,
  finished_at   timestamptz not null default clock_timestamp(),
  error_class   text,
  error_code    text,
  error_message text,
  metrics       jsonb not null default '{}'::jsonb,
  primary key (document_id, job_id, lease_seq),
  foreign key (document_id, job_id) references public.processing_jobs (document_id, id) on delete cascade,
  constraint processing_attempts_outcome_check check (outcome in (
    'completed', 'partially_completed', 'failed', 'retry', 'lease_lost', 'cancelled', 'released')),
  constraint processing_attempts_error_class_check check (error_class in ('transient', 'permanent', 'poison'))
);

-- Only live work, narrow, no foreign keys (it stays an ordinary local table on Citus). The record is processing_jobs.
-- lease_seq is raised by every claim and every rescue and never reset: a worker that names an old one changes nothing.
-- lease_until stays without an index, so that heartbeats are HOT updates.
create table public.job_queue (
  job_id           uuid primary key,
  document_id      uuid not null,
  queue            text collate "C" not null default 'default',
  strategy         text collate "C" not null,
  state            text collate "C" not null default 'queued',
  priority         smallint not null default 2,
  attempt          smallint not null default 0,
  max_attempts     smallint not null default 5,
  lease_seq        bigint not null default 0,
  run_at           timestamptz not null default now(),
  started_at       timestamptz,
  lease_until      timestamptz,
  worker           text,
  cancel_requested boolean not null default false,
  constraint job_queue_state_check check (state in ('queued', 'scheduled', 'running')),
  constraint job_queue_lease_check check (
    (state = 'running') = (lease_until is not null and worker is not null and started_at is not null)),
  constraint job_queue_priority_check check (priority between 1 and 4)
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);
create index job_queue_claim_idx on public.job_queue (queue, priority, run_at) where state = 'queued';
create index job_queue_scheduled_idx on public.job_queue (run_at) where state = 'scheduled';
create index job_queue_running_idx on public.job_queue (started_at) where state = 'running';
