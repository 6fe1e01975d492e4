-- sweep/jobs: take away jobs that ended more than $1 seconds ago, with their attempts, pages and history. Looks at $4 jobs in
-- the order in which they ended, behind the one ($2, $3) that the last look came to, so that what stays is looked at once in
-- a sweep. What stays: a document's newest job, by which people see what became of its pages; what lives (a row in the queue,
-- whatever the record says); and what has not been counted by statistics/count yet. Live work is never waited for, nor made
-- to wait: only rows of jobs that ended are locked, and those that somebody holds (a retry) are passed over. One node at a
-- time, since two would look at the same rows.
with looked_at as materialized (
  select j.document_id, j.id, j.completed_at
  from public.processing_jobs j
  where j.completed_at < least(
      clock_timestamp() - make_interval(secs => $1),
      coalesce((select p.counted_until - interval '1 hour' from colophon.processing_statistics_progress p), '-infinity'))
    and (j.completed_at, j.id) > ($2, $3)
    and pg_try_advisory_xact_lock(hashtextextended('colophon.sweep.jobs', 0))
  order by j.completed_at, j.id
  limit $4
), due as materialized (
  select j.document_id, j.id
  from looked_at l
  join public.processing_jobs j on j.document_id = l.document_id and j.id = l.id
  where j.status in ('completed', 'partially_completed', 'failed', 'cancelled')
    and exists (select from public.processing_jobs n
      where n.document_id = j.document_id and (n.created_at, n.id) > (j.created_at, j.id))
    and not exists (select from public.job_queue q where q.job_id = j.id)
  for update of j skip locked
), gone as (
  delete from public.processing_jobs j using due
  where j.document_id = due.document_id and j.id = due.id
  returning j.id
)
select (select count(*) from gone) as gone, l.completed_at, l.id
from looked_at l
order by l.completed_at desc, l.id desc
limit 1
