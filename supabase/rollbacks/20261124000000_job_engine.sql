-- Back from 20261124000000_job_engine.sql.
revoke insert (max_attempts) on public.processing_jobs from authenticated;
drop function colophon.live_job(uuid, text);
drop function colophon.cancel_job(uuid);
drop function colophon.pause_job(uuid);
drop function colophon.resume_job(uuid);
drop function colophon.retry_job(uuid);
drop function colophon.lock_job(uuid);
drop function colophon.settle_document(public.processing_jobs);
drop function colophon.may_process(uuid);
drop table public.processing_job_zones;
alter table public.processing_job_pages drop column error_class, drop column stages, drop column strategy, drop column reason;

create or replace function colophon.status_of_version(document_id uuid, version integer) returns text
language sql stable set search_path = '' as $$
  select case
    when v.page_count is null and v.encryption is not null then 'password_required'
    when v.page_count is null then 'damaged'
    else coalesce((
      select case j.status
        when 'completed' then 'processed'
        when 'partially_completed' then 'partially_processed'
        when 'failed' then 'failed'
        when 'running' then 'processing'
        when 'cancelled' then 'uploaded'
        else 'queued'
      end
      from public.processing_jobs j
      where j.document_id = status_of_version.document_id and j.version = status_of_version.version
      order by j.created_at desc, j.id desc
      limit 1), 'uploaded')
  end
  from public.document_versions v
  where v.document_id = status_of_version.document_id and v.version = status_of_version.version
$$;

alter table public.processing_history alter column created_at set default now();
drop trigger processing_jobs_queued on public.processing_jobs;
create trigger processing_jobs_queued after insert on public.processing_jobs
  for each row execute function colophon.queue_document();
drop trigger processing_jobs_enqueued on public.processing_jobs;
create trigger processing_jobs_enqueued after insert on public.processing_jobs
  for each row execute function colophon.record_job_transition();
drop trigger processing_jobs_recorded on public.processing_jobs;
create trigger processing_jobs_recorded after update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status) execute function colophon.record_job_transition();
drop trigger processing_jobs_touch on public.processing_jobs;
create trigger processing_jobs_touch before update on public.processing_jobs
  for each row execute function colophon.touch_updated_at();
drop trigger processing_jobs_status_changed on public.processing_jobs;
drop function colophon.touch_job_status();
drop trigger processing_jobs_transition on public.processing_jobs;
create or replace function colophon.check_job_transition() returns trigger
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
create trigger processing_jobs_transition before update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status) execute function colophon.check_job_transition();

drop trigger job_queue_filled on public.job_queue;
drop function colophon.fill_live_job();
drop trigger documents_live_work on public.documents;
create or replace function colophon.drop_live_work() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.job_queue q
  where q.job_id in (select w.job_id from public.job_queue w where w.document_id = old.id for update skip locked);
  return null;
end
$$;
create trigger documents_live_work after delete on public.documents
  for each row execute function colophon.drop_live_work();
drop function colophon.pick_jobs(text, text, smallint, bigint, text[], bigint);
drop function colophon.next_position(text, text, smallint, text);
drop table public.paused_queues;
drop table public.job_limits;
drop table colophon.job_positions;
drop index public.job_queue_job_key_key;
drop index public.job_queue_waiting_idx;
drop index public.job_queue_owner_idx;
drop index public.job_queue_claim_idx;
-- The former program knows neither state; a job that was put aside is out of the queue there.
delete from public.job_queue where state = 'paused';
update public.job_queue set state = 'scheduled' where state = 'waiting';
alter table public.job_queue drop constraint job_queue_state_check;
alter table public.job_queue add constraint job_queue_state_check check (state in ('queued', 'scheduled', 'running'));
create index job_queue_claim_idx on public.job_queue (queue, priority, run_at) where state = 'queued';
alter table public.job_queue drop column owner, drop column position, drop column deadline_at,
  drop column timeout_seconds, drop column job_key, drop column kills, drop column is_whole;

alter table public.processing_jobs alter column id set default gen_random_uuid();
alter table public.processing_jobs reset (fillfactor);
alter table public.processing_jobs drop column page_numbers, drop column zone_ids, drop column run_at,
  drop column timeout_seconds, drop column job_key, drop column depends_on, drop column error_class;
