-- queue/reap: take back jobs whose lease ran out (a killed worker, a lost machine, a deadline). Every node runs it.
-- lease_seq is raised, so that the former holder changes nothing any more. A job out of attempts ends; so does one whose
-- workers were killed three times: it is the file's doing, and it goes no further ('quarantined') until somebody asks for
-- it again. Waits as a retry does, so that a file that kills is not the next thing a worker takes.
-- The live row of a job that is gone, or was ended by hand, goes without another word.
with engine as materialized (
  select set_config('colophon.engine', 'on', true)
), lost as materialized (
  select q.job_id, q.document_id, q.attempt, q.max_attempts, q.lease_seq, q.worker, q.started_at,
         coalesce(q.deadline_at <= clock_timestamp(), false) as is_late, q.timeout_seconds, q.kills,
         exists (select from public.processing_jobs j
           where j.document_id = q.document_id and j.id = q.job_id and j.status = 'running') as is_live
  from public.job_queue q
  where q.state = 'running' and q.lease_until < clock_timestamp()
  order by q.started_at
  limit 500
  for update skip locked
), judged as materialized (
  select l.*,
         case when l.attempt >= l.max_attempts or (not l.is_late and l.kills >= 2) then 'failed' else 'retrying' end as status,
         case when l.is_late then 'transient' else 'poison' end as error_class,
         case when l.is_late then 'deadline_exceeded' when l.kills >= 2 then 'quarantined' else 'lease_lost' end as error_code,
         case when l.is_late then 'attempt ' || l.attempt || ' was not done after ' || l.timeout_seconds || ' seconds'
              when l.kills >= 2 then 'three workers stopped without a word while they worked on it, the last was '
                || l.worker || ' in attempt ' || l.attempt || '; it goes no further until somebody asks again'
              else 'the worker ' || l.worker || ' stopped without a word in attempt ' || l.attempt end as error_message,
         clock_timestamp() as ended_at
  from lost l
), again as (
  update public.job_queue q
  set state = 'scheduled', kills = q.kills + case when j.is_late then 0 else 1 end, lease_seq = q.lease_seq + 1,
      run_at = clock_timestamp() + make_interval(secs => least(600, 2 ^ q.kills - 1) * (0.75 + random() / 2)),
      lease_until = null, deadline_at = null, worker = null, started_at = null
  from judged j
  where q.job_id = j.job_id and j.is_live and j.status = 'retrying'
), given_up as (
  delete from public.job_queue q using judged j
  where q.job_id = j.job_id and (not j.is_live or j.status = 'failed')
), documents as materialized (
  select d.id
  from public.documents d
  where d.id in (
    select l.document_id from judged l
    join public.processing_jobs j on j.document_id = l.document_id and j.id = l.job_id
    where l.is_live and j.page_numbers is null and j.zone_ids is null)
  order by d.id
  for no key update
), locked as materialized (
  select count(*) from documents
), jobs as (
  update public.processing_jobs j
  set status = l.status, completed_at = case when l.status = 'failed' then l.ended_at end,
      error_class = l.error_class, error_code = l.error_code, error_message = l.error_message,
      error_count = j.error_count + 1, status_changed_at = l.ended_at, updated_at = l.ended_at
  from judged l
  cross join locked
  cross join engine
  where l.is_live and j.document_id = l.document_id and j.id = l.job_id
  returning j.document_id, j.id, j.version, j.status, j.error_message,
            j.page_numbers is null and j.zone_ids is null as is_whole
), attempts as (
  insert into public.processing_attempts (
    document_id, job_id, lease_seq, attempt, outcome, worker, started_at, finished_at, error_class, error_code, error_message)
  select l.document_id, l.job_id, l.lease_seq, l.attempt, 'lease_lost', l.worker, l.started_at, l.ended_at, l.error_class,
         l.error_code, l.error_message
  from judged l
  where l.is_live
), history as (
  insert into public.processing_history (
    document_id, id, job_id, action, status, details, error_message, duration_ms, created_at)
  select l.document_id, gen_random_uuid(), l.job_id, case l.status when 'failed' then 'failed' else 'lease_lost' end, l.status,
         jsonb_build_object('from', 'running', 'attempt', l.attempt, 'worker', l.worker, 'error_code', l.error_code, 'error_class', l.error_class),
         l.error_message, greatest(0, least(extract(epoch from l.ended_at - l.started_at) * 1000, 2147483647))::integer,
         l.ended_at
  from judged l
  where l.is_live
), document as (
  update public.documents d
  set status = case j.status when 'failed' then 'failed' else 'queued' end,
      status_detail = case j.status when 'failed' then j.error_message end
  from jobs j where d.id = j.document_id and d.version = j.version and j.is_whole
)
select l.job_id, l.document_id, l.status = 'failed' as is_given_up from judged l
