-- Jobs that recur: a cron expression in a time zone, and the job that is enqueued each time. A new table and triggers of its
-- own; documents is locked for an instant (SHARE ROW EXCLUSIVE) for the foreign key.
-- Back: rollbacks/20261125000000_job_schedules.sql drops every schedule; jobs that they made stay.
--
-- People write what is asked; when the next run is and what came of the last one the platform alone writes. A schedule
-- whose next_run_at is unknown (new, changed, enabled again) is looked at within a second, and told it: the database knows
-- no cron.

create table public.job_schedules (
  document_id     uuid not null references public.documents (id) on delete cascade,
  id              uuid not null default colophon.uuid_v7(),
  name            text,
  cron            text not null,
  time_zone       text not null default 'UTC',
  -- The job, as processing_jobs has it.
  strategy        text not null,
  options         jsonb not null default '{}'::jsonb,
  page_numbers    integer[],
  queue           text not null default 'default',
  priority        smallint not null default 2,
  max_attempts    smallint not null default 5,
  timeout_seconds integer,
  enabled         boolean not null default true,
  -- Why the platform disabled it.
  disabled_reason text,
  next_run_at     timestamptz,
  last_run_at     timestamptz,
  -- No foreign key on purpose: jobs of the past are pruned.
  last_job_id     uuid,
  -- The last time that was due and made no job, and why.
  last_skipped_at timestamptz,
  last_skip_reason text,
  -- In whose name its jobs are made: who made it, or changed what it does since; null is the platform.
  created_by      text default (auth.uid())::text,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  primary key (document_id, id),
  constraint job_schedules_name_check check (char_length(name) between 1 and 200),
  constraint job_schedules_cron_check check (char_length(cron) between 1 and 200),
  constraint job_schedules_time_zone_check check (char_length(time_zone) between 1 and 64),
  constraint job_schedules_strategy_check check (char_length(strategy) between 1 and 50),
  constraint job_schedules_options_check check (jsonb_typeof(options) = 'object' and octet_length(options::text) <= 65536),
  constraint job_schedules_page_numbers_check check (
    cardinality(page_numbers) between 1 and 100000 and 0 < all (page_numbers)),
  constraint job_schedules_queue_check check (char_length(queue) between 1 and 50),
  constraint job_schedules_priority_check check (priority between 1 and 4),
  constraint job_schedules_max_attempts_check check (max_attempts between 1 and 100),
  constraint job_schedules_timeout_seconds_check check (timeout_seconds between 1 and 604800),
  constraint job_schedules_enabled_check check (case when enabled then disabled_reason is null else next_run_at is null end),
  constraint job_schedules_reasons_check check (
    char_length(disabled_reason) <= 1000 and char_length(last_skip_reason) <= 1000),
  constraint job_schedules_created_by_check check (char_length(created_by) <= 255)
);
create index job_schedules_next_run_at_idx on public.job_schedules (next_run_at) where enabled;

-- What follows from a change, whoever makes it.
create function colophon.change_job_schedule() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.enabled and (not old.enabled or new.cron <> old.cron or new.time_zone <> old.time_zone) then
    new.next_run_at := null;
  end if;
  if new.enabled then
    new.disabled_reason := null;
    -- Nobody has anything done in another's name.
    new.created_by := coalesce((auth.uid())::text, new.created_by);
  else
    new.next_run_at := null;
  end if;
  new.updated_at := clock_timestamp();
  return new;
end
$$;
revoke all on function colophon.change_job_schedule() from public;
-- Not for what a run leaves.
create trigger job_schedules_changed before update on public.job_schedules
  for each row when (
    (old.name, old.cron, old.time_zone, old.strategy, old.options, old.page_numbers, old.queue, old.priority, old.max_attempts,
      old.timeout_seconds, old.enabled)
    is distinct from
    (new.name, new.cron, new.time_zone, new.strategy, new.options, new.page_numbers, new.queue, new.priority, new.max_attempts,
      new.timeout_seconds, new.enabled))
  execute function colophon.change_job_schedule();

-- Definer, since whoever may only see some of them is held to the same number, and may not lock the document. After the
-- insert, when the policy has let it pass.
create function colophon.count_job_schedules() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform from public.documents d where d.id = new.document_id for no key update;
  if (select count(*) from public.job_schedules s where s.document_id = new.document_id) > 20 then
    raise exception 'document % has 20 schedules already, the most that one may have; delete one first', new.document_id
      using errcode = 'check_violation', constraint = 'job_schedules_count_check',
            schema = 'public', table = 'job_schedules';
  end if;
  return null;
end
$$;
revoke all on function colophon.count_job_schedules() from public;
create trigger job_schedules_counted after insert on public.job_schedules
  for each row execute function colophon.count_job_schedules();

alter table public.job_schedules enable row level security;
revoke all on public.job_schedules from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.job_schedules to service_role;
grant select, delete,
  insert (document_id, id, name, cron, time_zone, strategy, options, page_numbers, queue, priority, max_attempts,
    timeout_seconds, enabled, created_by),
  update (name, cron, time_zone, strategy, options, page_numbers, queue, priority, max_attempts, timeout_seconds, enabled)
  on public.job_schedules to authenticated;
create policy job_schedules_select on public.job_schedules for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy job_schedules_insert on public.job_schedules for insert to authenticated
  with check (created_by = (select auth.uid())::text
    and document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
create policy job_schedules_update on public.job_schedules for update to authenticated
  using (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))))
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
create policy job_schedules_delete on public.job_schedules for delete to authenticated
  using (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
