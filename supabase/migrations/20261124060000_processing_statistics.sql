-- What attempts took, counted by hours and days that are over, so that the platform's statistics need not read every attempt, and
-- outlive the jobs that are pruned. New tables and functions only: locks nothing that exists.
-- Back: rollbacks/20261124060000_processing_statistics.sql drops them; they can be counted again from the attempts that
-- are still there.

-- grain: 'hour', and 'day' (UTC) for the hours of a whole day together, for long periods. Each attempt is one observation of its whole (stage '') and one of each stage that its metrics name. Texts that are
-- absent are '', since they belong to the key. Sums are whole microseconds, so that a sum of sums is the sum.
create table colophon.processing_statistics (
  grain        text collate "C" not null,
  since        timestamptz not null,
  strategy     text collate "C" not null,
  outcome      text collate "C" not null,
  error_class  text collate "C" not null,
  error_code   text collate "C" not null,
  stage        text collate "C" not null,
  bucket       integer not null,
  observations bigint not null,
  microseconds bigint not null,
  longest      bigint not null,
  pages        bigint not null,
  pages_failed bigint not null,
  primary key (grain, since, strategy, outcome, error_class, error_code, stage, bucket),
  constraint processing_statistics_grain_check check (grain in ('hour', 'day'))
);
-- Up to when attempts have been counted: one row, none before the first time.
create table colophon.processing_statistics_progress (
  only_row      boolean primary key default true,
  counted_until timestamptz not null,
  constraint processing_statistics_progress_only_row_check check (only_row)
);

alter table colophon.processing_statistics enable row level security;
alter table colophon.processing_statistics_progress enable row level security;
create policy processing_statistics_service on colophon.processing_statistics for select to service_role using (true);
create policy processing_statistics_progress_service on colophon.processing_statistics_progress
  for select to service_role using (true);
revoke all on colophon.processing_statistics, colophon.processing_statistics_progress
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.processing_statistics, colophon.processing_statistics_progress
  to service_role;

-- Attempts that ended from `since` until `until`, counted; whatever tools write into metrics, only numbers count, never below
-- 0 and with room for sums. Without helpers: a function that fixes its search path costs more than all it does here. Those of
-- documents that `reader` may see, or all if null.
-- As its owner, since the platform itself may not ask what is shared with somebody; nobody else may call it.
create function colophon.count_attempts(since timestamptz, until timestamptz, reader text)
returns table (
  hour timestamptz, strategy text, outcome text, error_class text, error_code text, stage text, bucket integer,
  observations bigint, microseconds bigint, longest bigint, pages bigint, pages_failed bigint)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  -- Microseconds: 1, 2, 5, 10, …. The same bounds stand in the domain crate; a test compares.
  bounds constant bigint[] := array[
    100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000,
    10000000, 20000000, 50000000, 100000000, 200000000, 500000000, 1000000000, 2000000000, 5000000000, 10000000000]::bigint[];
begin
  return query
  with visible as (
    select d.id from public.documents d where d.uploaded_by = reader
    union
    select d.id from public.documents d
    where reader is not null and d.deleted_at is null and d.id in (select colophon.shared_documents('viewer'))
  ), ended as (
    select a.document_id, a.job_id, a.started_at, a.finished_at, a.outcome, a.error_class, a.error_code, a.metrics
    from public.processing_attempts a
    where reader is null and a.finished_at >= since and a.finished_at < until
    union all
    select a.document_id, a.job_id, a.started_at, a.finished_at, a.outcome, a.error_class, a.error_code, a.metrics
    from visible v
    join public.processing_attempts a on a.document_id = v.id and a.finished_at >= since and a.finished_at < until
  ), observed as (
    select date_trunc('hour', e.finished_at, 'UTC') as hour, coalesce(j.strategy, '') as strategy, e.outcome,
           coalesce(e.error_class, '') as error_class, coalesce(left(e.error_code, 100), '') as error_code, o.stage,
           o.microseconds,
           case when o.stage = '' and jsonb_typeof(e.metrics -> 'pages') = 'number'
             then least(greatest(round((e.metrics ->> 'pages')::numeric), 0), 1000000000)::bigint end as pages,
           case when o.stage = '' and jsonb_typeof(e.metrics -> 'pages_failed') = 'number'
             then least(greatest(round((e.metrics ->> 'pages_failed')::numeric), 0), 1000000000)::bigint end as pages_failed
    from ended e
    join public.processing_jobs j on j.document_id = e.document_id and j.id = e.job_id
    cross join lateral (
      select '' as stage, greatest(coalesce(extract(epoch from e.finished_at - e.started_at), 0) * 1000000, 0)::bigint
        as microseconds
      union all
      (select left(s.key, 50), least(greatest(round((s.value #>> '{}')::numeric * 1000), 0), 1000000000000)::bigint
      from jsonb_each(case when jsonb_typeof(e.metrics -> 'stages') = 'object' then e.metrics -> 'stages' end) s
      where s.key <> '' and jsonb_typeof(s.value) = 'number'
      limit 20)
    ) o
  )
  select o.hour, o.strategy, o.outcome, o.error_class, o.error_code, o.stage, width_bucket(o.microseconds, bounds),
         count(*), sum(o.microseconds)::bigint, max(o.microseconds), coalesce(sum(o.pages), 0)::bigint,
         coalesce(sum(o.pages_failed), 0)::bigint
  from observed o
  group by 1, 2, 3, 4, 5, 6, 7;
end
$$;
revoke all on function colophon.count_attempts(timestamptz, timestamptz, text) from public, anon;
grant execute on function colophon.count_attempts(timestamptz, timestamptz, text) to service_role;

-- The same for whoever asks, by day, strategy and error, or by those of them that are asked for. The platform gets days and
-- hours that are over from processing_statistics and the others from their attempts; a person what they may see, from attempts
-- alone. As its owner, since under row-level security each attempt would look for its document; who reads is looked up
-- here, once.
create function colophon.job_statistics(
  since timestamptz, until timestamptz, by_day boolean, by_strategy boolean, by_error boolean)
returns table (
  day timestamptz, strategy text, outcome text, error_class text, error_code text, stage text, bucket integer,
  observations bigint, microseconds bigint, longest bigint, pages bigint, pages_failed bigint)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  reads_all constant boolean := coalesce(current_setting('role', true), '') = 'service_role';
  reader constant text := case when reads_all then null else coalesce(auth.uid()::text, '') end;
  counted_until constant timestamptz := case when reads_all
    then coalesce((select p.counted_until from colophon.processing_statistics_progress p), '-infinity')
    else '-infinity' end;
  hours_until constant timestamptz := least(until, counted_until);
  -- Whole days, and hours before and behind them.
  days_since timestamptz := date_trunc('day', since + interval '1 day' - interval '1 microsecond', 'UTC');
  days_until timestamptz := date_trunc('day', hours_until, 'UTC');
begin
  if days_since >= days_until then
    days_since := hours_until;
    days_until := hours_until;
  end if;
  return query
  with counted as (
    select s.* from colophon.processing_statistics s
    where s.grain = 'day' and s.since >= days_since and s.since < days_until
    union all
    select s.* from colophon.processing_statistics s
    where s.grain = 'hour' and s.since >= job_statistics.since and s.since < days_since
    union all
    select s.* from colophon.processing_statistics s
    where s.grain = 'hour' and s.since >= days_until and s.since < hours_until
    union all
    select 'hour', c.* from colophon.count_attempts(greatest(job_statistics.since, counted_until), until, reader) c
  )
  select case when by_day then date_trunc('day', c.since, 'UTC') end, case when by_strategy then c.strategy end, c.outcome,
         case when by_error then c.error_class end, case when by_error then c.error_code end, c.stage, c.bucket,
         sum(c.observations)::bigint, sum(c.microseconds)::bigint, max(c.longest), sum(c.pages)::bigint,
         sum(c.pages_failed)::bigint
  from counted c
  group by 1, 2, 3, 4, 5, 6, 7;
end
$$;
revoke all on function colophon.job_statistics(timestamptz, timestamptz, boolean, boolean, boolean) from public, anon;
grant execute on function colophon.job_statistics(timestamptz, timestamptz, boolean, boolean, boolean)
  to authenticated, service_role;
