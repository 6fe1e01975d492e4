-- queue/heartbeat: prolong the leases in hand, at most to their deadline, and take their progress. A job that is not
-- returned is no longer ours: it was taken over, cancelled or paused. What has not changed is not written.
with held as materialized (
  select q.job_id, b.progress::numeric as progress, b.current_zone_id
  from (
    select * from unnest($1::uuid[], $2::int8[], $3::float8[], $4::uuid[])
      as b (job_id, lease_seq, progress, current_zone_id)
    order by b.job_id) b
  cross join lateral (
    select q.job_id from public.job_queue q
    where q.job_id = b.job_id and q.lease_seq = b.lease_seq and q.lease_until is not null
      and (q.deadline_at is null or q.deadline_at > clock_timestamp())
    limit 1
    for update) q
), prolonged as (
  update public.job_queue q
  set lease_until = least(clock_timestamp() + make_interval(secs => $5), q.deadline_at)
  from held h
  where q.job_id = h.job_id
  returning q.job_id, q.document_id, q.lease_until, h.progress, h.current_zone_id
), progress as (
  update public.processing_jobs j
  set progress = coalesce(p.progress, j.progress), current_zone_id = coalesce(p.current_zone_id, j.current_zone_id)
  from prolonged p
  where j.document_id = p.document_id and j.id = p.job_id
    and (p.progress is not null and p.progress is distinct from j.progress
      or p.current_zone_id is not null and p.current_zone_id is distinct from j.current_zone_id)
)
select p.job_id, p.document_id, p.lease_until from prolonged p
