-- Who may see and change what, now with shares: the policies of 20261122100500 are replaced. In a migration of its own,
-- since Citus wants another form of policies (no sub-selects).
-- DROP and CREATE POLICY take ACCESS EXCLUSIVE on each table for an instant.
-- Back: rollbacks/20261122110100_share_policies.sql restores the policies of owners alone.
--
-- The owner of a document may do everything that people do. An editor changes what hangs on it, and neither deletes nor
-- shares it. A viewer reads. Nobody writes in another's name. service_role bypasses; anon may do nothing.
--
-- The forms were measured at 1,000,000 documents (docs/adr/0007-policies.md):
-- `id in (select shared)` is hashed once, and only when a row is not the caller's own; `id = any (array(…))` made the
-- planner sort all documents of an owner. A row of a child costs one comparison where the transaction has named the
-- document it reads (colophon.document_in_view), else one look at the document, whose own policy decides. It is a
-- scalar sub-select: for EXISTS the planner may choose to hash all documents instead, 24 ms at 100,000 of them.

alter table public.document_shares enable row level security;
alter table public.document_share_uses enable row level security;
alter table colophon.document_share_tokens enable row level security;

revoke all on public.document_shares, public.document_share_uses, colophon.document_share_tokens
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.document_shares, public.document_share_uses,
  colophon.document_share_tokens to service_role;
grant select on public.document_shares, public.document_share_uses to authenticated;
grant insert (document_id, id, role, user_id, expires_at, max_uses, created_by), update (revoked_at)
  on public.document_shares to authenticated;
grant insert on colophon.document_share_tokens to authenticated;

drop policy documents_owner_select on public.documents;
drop policy documents_owner_insert on public.documents;
drop policy documents_owner_update on public.documents;
drop policy documents_owner_delete on public.documents;
drop policy document_versions_owner_select on public.document_versions;
drop policy document_versions_owner_insert on public.document_versions;
drop policy document_pages_owner_select on public.document_pages;
drop policy document_pages_owner_insert on public.document_pages;
drop policy zones_owner_select on public.zones;
drop policy zones_owner_insert on public.zones;
drop policy zones_owner_update on public.zones;
drop policy zones_owner_delete on public.zones;
drop policy zone_confidence_history_owner_select on public.zone_confidence_history;
drop policy zone_confidence_history_owner_insert on public.zone_confidence_history;
drop policy user_corrections_owner_select on public.user_corrections;
drop policy user_corrections_owner_insert on public.user_corrections;
drop policy processing_jobs_owner_select on public.processing_jobs;
drop policy processing_jobs_owner_insert on public.processing_jobs;
drop policy processing_job_pages_owner_select on public.processing_job_pages;
drop policy processing_history_owner_select on public.processing_history;
drop policy processing_attempts_owner_select on public.processing_attempts;
drop policy job_queue_owner_insert on public.job_queue;
drop policy export_records_owner_select on public.export_records;
drop policy export_records_owner_insert on public.export_records;

create policy documents_select on public.documents for select to authenticated
  using (uploaded_by = (select auth.uid())::text or id in (select colophon.shared_documents('viewer')));
create policy documents_insert on public.documents for insert to authenticated
  with check (uploaded_by = (select auth.uid())::text);
create policy documents_update on public.documents for update to authenticated
  using (uploaded_by = (select auth.uid())::text or id in (select colophon.shared_documents('editor')))
  with check (uploaded_by = (select auth.uid())::text or id in (select colophon.shared_documents('editor')));
create policy documents_delete on public.documents for delete to authenticated
  using (uploaded_by = (select auth.uid())::text);

create policy document_versions_select on public.document_versions for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy document_versions_insert on public.document_versions for insert to authenticated
  with check (created_by = (select auth.uid())::text
    and document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));

create policy document_pages_select on public.document_pages for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy document_pages_insert on public.document_pages for insert to authenticated
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));

create policy zones_select on public.zones for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy zones_insert on public.zones for insert to authenticated
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
create policy zones_update on public.zones for update to authenticated
  using (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))))
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
create policy zones_delete on public.zones for delete to authenticated
  using (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));

create policy zone_confidence_history_select on public.zone_confidence_history for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy zone_confidence_history_insert on public.zone_confidence_history for insert to authenticated
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));

create policy user_corrections_select on public.user_corrections for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy user_corrections_insert on public.user_corrections for insert to authenticated
  with check (corrected_by = (select auth.uid())::text
    and document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));

create policy processing_jobs_select on public.processing_jobs for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy processing_jobs_insert on public.processing_jobs for insert to authenticated
  with check (created_by = (select auth.uid())::text
    and document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));

create policy processing_job_pages_select on public.processing_job_pages for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy processing_history_select on public.processing_history for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy processing_attempts_select on public.processing_attempts for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));

-- A live row must belong to a job that waits, of a document that one may edit.
create policy job_queue_insert on public.job_queue for insert to authenticated
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor'))))
    and exists (select from public.processing_jobs j where j.document_id = job_queue.document_id
      and j.id = job_queue.job_id and j.status = 'queued'));

create policy export_records_select on public.export_records for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
create policy export_records_insert on public.export_records for insert to authenticated
  with check (created_by = (select auth.uid())::text
    and document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));

-- Shares are the owner's; a person sees those that name them. Only revoking changes one, and only once.
create policy document_shares_select on public.document_shares for select to authenticated
  using (user_id = (select auth.uid()) or document_id = (select d.id from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy document_shares_insert on public.document_shares for insert to authenticated
  with check (created_by = (select auth.uid())::text
    and document_id = (select d.id from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy document_shares_update on public.document_shares for update to authenticated
  using (revoked_at is null and document_id = (select d.id from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text))
  with check (revoked_at is not null and document_id = (select d.id from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy document_share_uses_select on public.document_share_uses for select to authenticated
  using (user_id = (select auth.uid()) or document_id = (select d.id from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
-- The token of a link that one has made oneself; a second one for the same link is refused by the primary key.
create policy document_share_tokens_insert on colophon.document_share_tokens for insert to authenticated
  with check (exists (select from public.document_shares s where s.document_id = document_share_tokens.document_id
    and s.id = share_id and s.user_id is null and s.created_by = (select auth.uid())::text));

-- Full-text search finds what the caller may see, shared documents too (why a function: 20261122100500).
create or replace function colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid)
returns table (
  document_id uuid, filename text, zone_id uuid, page_number integer, zone_index integer, zone_type text,
  coordinates jsonb, excerpt text, rank real)
language sql stable security definer set search_path = '' as $$
  with query as (
    select websearch_to_tsquery('pg_catalog.simple'::regconfig, search_text) as q,
           (select auth.uid())::text as reader,
           coalesce(current_setting('role', true), '') = 'service_role' as reads_all
  ), hits as (
    select z.document_id, d.filename, z.id, z.page_number, z.zone_index, z.zone_type, z.coordinates, z.content,
           ts_rank(colophon.zone_text_vector(z.content), query.q) as rank, query.q
    from query
    join public.zones z on colophon.zone_text_vector(z.content) operator(pg_catalog.@@) query.q
    join public.documents d on d.id = z.document_id
    where query.reads_all or d.uploaded_by = query.reader
      or d.id in (select colophon.shared_documents('viewer'))
  ), page as (
    select * from hits h
    where after_id is null or (h.rank, h.id) < (after_rank, after_id)
    order by h.rank desc, h.id desc
    limit result_limit
  )
  select p.document_id, p.filename, p.id, p.page_number, p.zone_index, p.zone_type, p.coordinates,
         ts_headline('pg_catalog.simple'::regconfig, colophon.zone_search_text(p.content), p.q,
           'StartSel=«, StopSel=», MaxFragments=2, MaxWords=18, MinWords=6'),
         p.rank
  from page p
  order by p.rank desc, p.id desc
$$;
revoke all on function colophon.search_zones(text, integer, real, uuid) from public, anon;
grant execute on function colophon.search_zones(text, integer, real, uuid) to authenticated, service_role;
