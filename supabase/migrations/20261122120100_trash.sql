-- The trash, and legal hold. A document with deleted_at is in the trash: its owner sees it and takes it back, nobody
-- else sees it; the sweeper purges it when the retention is over. DELETE purges at once.
-- New nullable columns (no rewrite); ALTER TABLE and the policies take ACCESS EXCLUSIVE for an instant.
-- Back: rollbacks/20261122120100_trash.sql: what is in the trash becomes an ordinary document again.

alter table public.documents
  add column deleted_at timestamptz,
  add column deleted_by text,
  -- Why the document may not be deleted; NULL where nothing forbids it.
  add column legal_hold text;
alter table public.documents add constraint documents_legal_hold_text_check
  check (char_length(legal_hold) between 1 and 1000) not valid;

grant update (deleted_at) on public.documents to authenticated;

-- The owner alone decides about the trash; when and by whom is the database's word.
create function colophon.guard_trash() returns trigger
language plpgsql set search_path = '' as $$
begin
  if current_user = 'authenticated' and new.uploaded_by is distinct from (select auth.uid())::text then
    raise exception 'only its owner may put document % into the trash or take it back', new.id
      using errcode = 'insufficient_privilege';
  end if;
  if new.deleted_at is not null and new.legal_hold is not null then
    raise exception 'document % is under legal hold (%): it cannot be deleted until the hold is lifted', new.id, new.legal_hold
      using errcode = 'check_violation', constraint = 'documents_legal_hold_check', schema = 'public', table = 'documents';
  end if;
  new.deleted_at := case when new.deleted_at is null then null else coalesce(old.deleted_at, now()) end;
  new.deleted_by := case when new.deleted_at is null then null else coalesce(old.deleted_by, (auth.uid())::text) end;
  return new;
end
$$;
revoke all on function colophon.guard_trash() from public;
create trigger documents_trash before update of deleted_at on public.documents
  for each row when (old.deleted_at is distinct from new.deleted_at) execute function colophon.guard_trash();

create function colophon.guard_legal_hold() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'document % is under legal hold (%): it cannot be deleted until the hold is lifted', old.id, old.legal_hold
    using errcode = 'check_violation', constraint = 'documents_legal_hold_check', schema = 'public', table = 'documents';
end
$$;
revoke all on function colophon.guard_legal_hold() from public;
create trigger documents_legal_hold before delete on public.documents
  for each row when (old.legal_hold is not null) execute function colophon.guard_legal_hold();

-- A document that is purged takes its live work with it: the queue has no foreign keys. What a worker holds at this moment
-- is left to queue/reap: that worker waits for the document, so to wait for it would be a deadlock.
create function colophon.drop_live_work() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from public.job_queue q
  where q.job_id in (select w.job_id from public.job_queue w where w.document_id = old.id for update skip locked);
  return null;
end
$$;
revoke all on function colophon.drop_live_work() from public;
create trigger documents_live_work after delete on public.documents
  for each row execute function colophon.drop_live_work();

drop policy documents_select on public.documents;
drop policy documents_update on public.documents;
create policy documents_select on public.documents for select to authenticated
  using (uploaded_by = (select auth.uid())::text
    or (deleted_at is null and id in (select colophon.shared_documents('viewer'))));
create policy documents_update on public.documents for update to authenticated
  using (uploaded_by = (select auth.uid())::text
    or (deleted_at is null and id in (select colophon.shared_documents('editor'))))
  with check (uploaded_by = (select auth.uid())::text
    or (deleted_at is null and id in (select colophon.shared_documents('editor'))));
