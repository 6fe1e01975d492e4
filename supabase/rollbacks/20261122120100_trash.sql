-- Back from 20261122120100_trash.sql: what is in the trash becomes an ordinary document again, and every hold ends.
drop policy documents_update on public.documents;
drop policy documents_select on public.documents;
create policy documents_select on public.documents for select to authenticated
  using (uploaded_by = (select auth.uid())::text or id in (select colophon.shared_documents('viewer')));
create policy documents_update on public.documents for update to authenticated
  using (uploaded_by = (select auth.uid())::text or id in (select colophon.shared_documents('editor')))
  with check (uploaded_by = (select auth.uid())::text or id in (select colophon.shared_documents('editor')));
drop trigger documents_live_work on public.documents;
drop function colophon.drop_live_work();
drop trigger documents_legal_hold on public.documents;
drop function colophon.guard_legal_hold();
drop trigger documents_trash on public.documents;
drop function colophon.guard_trash();
alter table public.documents drop constraint documents_legal_hold_text_check;
alter table public.documents drop column legal_hold, drop column deleted_by, drop column deleted_at;
