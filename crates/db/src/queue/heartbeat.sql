-- queue/heartbeat: prolong the leases in hand, at most to their deadline, and take their progress. A job that is not
-- returned is no longer ours: it was taken over, cancelled or paused. What has not changed is not written.
with beats as materialized (
  select * from unnest($1::uuid[], $2::int8[], $3::float8[], $4::uuid[])
    as b (job_id, lease_seq, progress, current_zone_id)
), held as materialized (
  select q.job_id from public.job_queue q
  join beats b on b.job_id = q.job_id and b.lease_seq = q.lease_seq
  where q.state = 'running' and (q.deadline_at is null or q.deadline_at > clock_timestamp())
  order by q.job_id
  for update of q
), prolonged as (
  update public.job_queue q
  set lease_until = least(clock_timestamp() + make_interval(secs => $5), q.deadline_at)
  from held h
  where q.job_id = h.job_id
  returning q.job_id, q.document_id, q.lease_until
), progress as (
  update public.processing_jobs j
  set progress = coalesce(b.progress::numeric, j.progress), current_zone_id = coalesce(b.current_zone_id, j.current_zone_id)
  from prolonged p
  join beats b on b.job_id = p.job_id
  where j.document_id = p.document_id and j.id = p.job_id
    and (b.progress::numeric is distinct from j.progress and b.progress is not null
      or b.current_zone_id is distinct from j.current_zone_id and b.current_zone_id is not null)
)
select p.job_id, p.document_id, p.lease_until from prolonged p
