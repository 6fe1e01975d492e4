-- Back from 20261122120300_versions.sql: zones of versions that are not current are deleted, since the old rule knows one
-- order for a document.
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

create or replace function colophon.queue_document() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.documents set status = 'queued', status_detail = null
  where id = new.document_id and status in ('uploaded', 'processed', 'partially_processed', 'failed');
  return null;
end
$$;
revoke all on function colophon.queue_document() from public;
drop trigger documents_follow_version on public.documents;
drop function colophon.follow_version();
revoke update (version) on public.documents from authenticated;
drop function colophon.status_of_version(uuid, integer);
drop trigger zones_version on public.zones;
drop function colophon.fill_version_of_zone();
alter table public.zones alter column version set default 1;
delete from public.zones z using public.documents d where d.id = z.document_id and d.version <> z.version;
alter table public.zones add constraint zones_zone_index_key unique (document_id, zone_index);
alter table public.document_versions drop constraint document_versions_reason_check;
alter table public.document_versions drop column status_detail, drop column reason;
