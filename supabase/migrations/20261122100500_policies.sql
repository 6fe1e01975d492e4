-- Who may see and change what. In a migration of its own, since Citus wants another form of policies (no sub-selects).
-- Every grant is spelled out: the platform's default privileges changed in 2026, so new and old projects differ.
-- ALTER TABLE … ENABLE ROW LEVEL SECURITY takes ACCESS EXCLUSIVE for an instant. Back: rollbacks/….
--
-- The owner of a document (uploaded_by = auth.uid()) sees it and all that hangs on it. Bookkeeping (jobs' progress,
-- attempts, history, the queue's leases) is written by service_role only. anon may do nothing.

alter table public.documents enable row level security;
alter table public.document_versions enable row level security;
alter table public.document_pages enable row level security;
alter table public.zones enable row level security;
alter table public.zone_confidence_history enable row level security;
alter table public.user_corrections enable row level security;
alter table public.processing_jobs enable row level security;
alter table public.processing_job_pages enable row level security;
alter table public.processing_history enable row level security;
alter table public.processing_attempts enable row level security;
alter table public.job_queue enable row level security;
alter table public.export_records enable row level security;
alter table colophon.idempotency_keys enable row level security;

revoke all on public.documents, public.document_versions, public.document_pages, public.zones,
  public.zone_confidence_history, public.user_corrections, public.processing_jobs, public.processing_job_pages,
  public.processing_history, public.processing_attempts, public.job_queue, public.export_records,
  colophon.idempotency_keys
  from public, anon, authenticated, service_role;

grant select, insert, update, delete on public.documents, public.document_versions, public.document_pages,
  public.zones, public.zone_confidence_history, public.user_corrections, public.processing_jobs,
  public.processing_job_pages, public.processing_history, public.processing_attempts, public.job_queue,
  public.export_records, colophon.idempotency_keys
  to service_role;

grant select on public.documents, public.document_versions, public.document_pages, public.zones,
  public.zone_confidence_history, public.user_corrections, public.processing_jobs, public.processing_job_pages,
  public.processing_history, public.processing_attempts, public.export_records
  to authenticated;
grant insert on public.documents, public.document_versions, public.document_pages, public.zones,
  public.zone_confidence_history, public.user_corrections, public.export_records to authenticated;
grant update (filename, metadata) on public.documents to authenticated;
grant update (zone_type, coordinates, content, confidence, processing_tool, status, metadata) on public.zones
  to authenticated;
grant delete on public.documents, public.zones to authenticated;
grant insert (document_id, id, strategy, options, version, queue, priority, total_pages, created_by)
  on public.processing_jobs to authenticated;
grant insert (job_id, document_id, queue, strategy, priority) on public.job_queue to authenticated;
grant select, insert on colophon.idempotency_keys to authenticated;

create policy documents_owner_select on public.documents for select to authenticated
  using (uploaded_by = (select auth.uid())::text);
create policy documents_owner_insert on public.documents for insert to authenticated
  with check (uploaded_by = (select auth.uid())::text);
create policy documents_owner_update on public.documents for update to authenticated
  using (uploaded_by = (select auth.uid())::text) with check (uploaded_by = (select auth.uid())::text);
create policy documents_owner_delete on public.documents for delete to authenticated
  using (uploaded_by = (select auth.uid())::text);

create policy document_versions_owner_select on public.document_versions for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy document_versions_owner_insert on public.document_versions for insert to authenticated
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

create policy document_pages_owner_select on public.document_pages for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy document_pages_owner_insert on public.document_pages for insert to authenticated
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

create policy zones_owner_select on public.zones for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy zones_owner_insert on public.zones for insert to authenticated
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy zones_owner_update on public.zones for update to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text))
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy zones_owner_delete on public.zones for delete to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

create policy zone_confidence_history_owner_select on public.zone_confidence_history for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy zone_confidence_history_owner_insert on public.zone_confidence_history for insert to authenticated
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

create policy user_corrections_owner_select on public.user_corrections for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy user_corrections_owner_insert on public.user_corrections for insert to authenticated
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

create policy processing_jobs_owner_select on public.processing_jobs for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy processing_jobs_owner_insert on public.processing_jobs for insert to authenticated
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

create policy processing_job_pages_owner_select on public.processing_job_pages for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy processing_history_owner_select on public.processing_history for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy processing_attempts_owner_select on public.processing_attempts for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

-- A queue row must belong to a job of a document of one's own; processing_jobs' own policy is applied within.
create policy job_queue_owner_insert on public.job_queue for insert to authenticated
  with check (exists (select from public.processing_jobs j where j.document_id = job_queue.document_id
    and j.id = job_queue.job_id and j.status = 'queued'));

create policy export_records_owner_select on public.export_records for select to authenticated
  using (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));
create policy export_records_owner_insert on public.export_records for insert to authenticated
  with check (exists (select from public.documents d
    where d.id = document_id and d.uploaded_by = (select auth.uid())::text));

create policy idempotency_keys_owner_select on colophon.idempotency_keys for select to authenticated
  using (owner = (select auth.uid())::text);
create policy idempotency_keys_owner_insert on colophon.idempotency_keys for insert to authenticated
  with check (owner = (select auth.uid())::text);

-- Full-text search. The operator @@ is not leakproof, so under row-level security the planner may not use the GIN
-- index for it: a plain SELECT would scan every zone. This function searches as the tables' owner and checks the
-- reader itself: the owner of the document by auth.uid(), or the role service_role, which reads all.
create function colophon.search_zones(search_text text, result_limit integer, after_rank real, after_id uuid)
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
revoke all on function colophon.search_zones(text, integer, real, uuid) from public;
grant execute on function colophon.search_zones(text, integer, real, uuid) to authenticated, service_role;
