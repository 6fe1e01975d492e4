-- sweep/jobs: take away jobs that ended more than $1 seconds ago, with their attempts, units and history. Looks at $4 jobs in
-- the order in which they were asked for, behind the one ($2, $3) that the last look came to, so that what stays is looked at
-- once in a round. What stays: a version's newest job for the whole of it, which says where the document stands and what
-- became of its pages; what lives (a row in the queue, whatever the record says); what a job waits for; and what has not been
-- counted by statistics/count yet. Live work is never waited for, nor made to wait: only rows of jobs that ended are locked,
-- and those that somebody holds (a retry) are passed over. One node at a time, since two would look at the same rows.
with cut as materialized (
  select clock_timestamp() - make_interval(secs => $1) as created, least(
    clock_timestamp() - make_interval(secs => $1),
    coalesce((select p.counted_until - interval '1 hour' from colophon.processing_statistics_progress p), '-infinity')
  ) as completed
  where pg_try_advisory_xact_lock(hashtextextended('colophon.sweep.jobs', 0))
), looked_at as materialized (
  select j.document_id, j.id, j.created_at
  from public.processing_jobs j
  where j.created_at < (select created from cut) and (j.created_at, j.id) > ($2, $3)
  order by j.created_at, j.id
  limit $4
), awaited as materialized (
  select unnest(w.depends_on) as id
  from public.job_queue q
  join public.processing_jobs w on w.document_id = q.document_id and w.id = q.job_id
  where q.state = 'waiting'
), due as materialized (
  select j.document_id, j.id
  from looked_at l
  join public.processing_jobs j on j.document_id = l.document_id and j.id = l.id
  where j.status in ('completed', 'partially_completed', 'failed', 'cancelled')
    and j.completed_at < (select completed from cut)
    and (j.page_numbers is not null or j.zone_ids is not null or j.status = 'cancelled'
      or exists (select from public.processing_jobs n
        where n.document_id = j.document_id and n.version = j.version and n.page_numbers is null and n.zone_ids is null
          and n.status <> 'cancelled' and (n.created_at, n.id) > (j.created_at, j.id)))
    and not exists (select from public.job_queue q where q.job_id = j.id)
    and j.id not in (select a.id from awaited a where a.id is not null)
  for update of j skip locked
), gone as (
  delete from public.processing_jobs j using due
  where j.document_id = due.document_id and j.id = due.id
  returning j.id
)
select (select count(*) from gone) as gone, l.created_at, l.id
from looked_at l
order by l.created_at desc, l.id desc
limit 1
