-- Jobs that did not end well are listed by status however many others there are: the index of jobs by status is gone, so that
-- work on a job moves no index, and these few have a table of their own. And what a person may see of the live queue, by
-- status. A trigger on processing_jobs: locked for an instant (SHARE ROW EXCLUSIVE). What is there already is filled in by
-- the next migration.
-- Back: rollbacks/20261124020000_job_lists.sql; nothing is lost that processing_jobs does not say.

create table colophon.incomplete_jobs (
  document_id uuid not null,
  job_id      uuid not null,
  status      text not null,
  created_at  timestamptz not null,
  primary key (document_id, job_id),
  foreign key (document_id, job_id) references public.processing_jobs (document_id, id) on delete cascade,
  constraint incomplete_jobs_status_check check (status in ('partially_completed', 'failed', 'cancelled'))
);
create index incomplete_jobs_status_idx on colophon.incomplete_jobs (status, created_at desc, job_id desc);
alter table colophon.incomplete_jobs enable row level security;
revoke all on colophon.incomplete_jobs from public, anon, authenticated, service_role;
grant select, insert, update, delete on colophon.incomplete_jobs to service_role;
grant select on colophon.incomplete_jobs to authenticated;
create policy incomplete_jobs_select on colophon.incomplete_jobs for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));

create function colophon.note_incomplete_job() returns trigger
language plpgsql set search_path = '' as $$
begin
  if new.status in ('partially_completed', 'failed', 'cancelled') then
    insert into colophon.incomplete_jobs as i (document_id, job_id, status, created_at)
    values (new.document_id, new.id, new.status, new.created_at)
    on conflict (document_id, job_id) do update set status = excluded.status;
  else
    delete from colophon.incomplete_jobs i where i.document_id = new.document_id and i.job_id = new.id;
  end if;
  return null;
end
$$;
revoke all on function colophon.note_incomplete_job() from public;
create trigger processing_jobs_incomplete after update of status on public.processing_jobs
  for each row when (old.status is distinct from new.status and (
    new.status in ('partially_completed', 'failed', 'cancelled')
    or old.status in ('partially_completed', 'failed', 'cancelled')))
  execute function colophon.note_incomplete_job();
create trigger processing_jobs_inserted_incomplete after insert on public.processing_jobs
  for each row when (new.status in ('partially_completed', 'failed', 'cancelled'))
  execute function colophon.note_incomplete_job();

-- Live jobs that may have this status and that the caller may see, `most` of them: the queue is read, which holds live work
-- alone. Definer, since a person may not see the queue.
create function colophon.live_jobs(status text, most bigint) returns table (document_id uuid, job_id uuid)
language sql stable security definer rows 100 set search_path = '' as $$
  select q.document_id, q.job_id
  from public.job_queue q
  where case live_jobs.status
      when 'queued' then q.state in ('queued', 'scheduled', 'waiting')
      when 'retrying' then q.state in ('queued', 'scheduled')
      else q.state = live_jobs.status end
    and (current_setting('role', true) = 'service_role' or q.owner = (select auth.uid())::text
      or q.document_id in (select colophon.shared_documents('viewer')))
  limit most
$$;
revoke all on function colophon.live_jobs(text, bigint) from public;
grant execute on function colophon.live_jobs(text, bigint) to authenticated, service_role;
