-- statistics/due: hours that are over and not counted yet, a day of them at most; no row if there are none, or if somebody
-- else is counting. An hour is over ten minutes after its end: no statement lasts so long that an attempt of it could
-- still be committed (`statement_timeout`). The lock ends with the transaction.
with state as materialized (
  select coalesce(
    (select p.counted_until from colophon.processing_statistics_progress p),
    date_trunc('hour', (select min(a.finished_at) from public.processing_attempts a), 'UTC')) as since
), due as materialized (
  select since, least(
    since + interval '1 day', date_trunc('hour', clock_timestamp() - interval '10 minutes', 'UTC')) as until
  from state
)
select since, until from due
where since < until and pg_try_advisory_xact_lock(hashtextextended('colophon.processing_statistics', 0))
