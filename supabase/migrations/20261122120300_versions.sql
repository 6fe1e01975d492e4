-- A document has many versions of its file, each with its own zones, jobs and corrections, and any of them can be the
-- current one. New nullable columns (no rewrite), a constraint that the index of 20261122120200 replaces, triggers;
-- each takes ACCESS EXCLUSIVE for an instant.
-- Back: rollbacks/20261122120300_versions.sql deletes the zones of versions that are not current.

-- Why the version was made, in its maker's words; and why its file cannot be read, where it cannot.
alter table public.document_versions add column reason text, add column status_detail text;
alter table public.document_versions add constraint document_versions_reason_check
  check (char_length(reason) between 1 and 1000) not valid;
update public.document_versions v set status_detail = d.status_detail
from public.documents d
where d.id = v.document_id and d.version = v.version and d.status in ('password_required', 'damaged');

-- lint-ignore: ban-drop-constraint the unique index of 20261122120200 holds for each version what this held for all
-- lint-ignore: ban-drop-default the trigger below gives the version that is current, where the default gave 1
alter table public.zones drop constraint zones_zone_index_key;
alter table public.zones alter column version drop default;

-- Who writes zones without a word of versions means the current one. With the writer's own rights.
create function colophon.fill_version_of_zone() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.version := coalesce((select d.version from public.documents d where d.id = new.document_id), 1);
  return new;
end
$$;
revoke all on function colophon.fill_version_of_zone() from public;
create trigger zones_version before insert on public.zones
  for each row when (new.version is null) execute function colophon.fill_version_of_zone();

-- Where a document stands whose current version is this one: what its last job made of it.
create function colophon.status_of_version(document_id uuid, version integer) returns text
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
revoke all on function colophon.status_of_version(uuid, integer) from public;
grant execute on function colophon.status_of_version(uuid, integer) to authenticated, service_role;

-- To make a version current is to set documents.version: all that the document says of its file follows from the
-- version, whoever wrote it, so the two cannot differ.
grant update (version) on public.documents to authenticated;
create function colophon.follow_version() returns trigger
language plpgsql set search_path = '' as $$
declare
  current public.document_versions;
begin
  select v.* into current from public.document_versions v where v.document_id = new.id and v.version = new.version;
  if not found then
    raise exception 'document % has no version %', new.id, new.version
      using errcode = 'foreign_key_violation', constraint = 'documents_version_fkey', schema = 'public', table = 'documents';
  end if;
  new.file_size_bytes := current.file_size_bytes;
  new.page_count := current.page_count;
  new.mime_type := current.mime_type;
  new.storage_path := current.storage_path;
  new.sha256 := current.sha256;
  new.status := colophon.status_of_version(new.id, new.version);
  new.status_detail := current.status_detail;
  return new;
end
$$;
revoke all on function colophon.follow_version() from public;
create trigger documents_follow_version before update of version on public.documents
  for each row when (old.version is distinct from new.version) execute function colophon.follow_version();

-- A job for a version that is not the current one says nothing of the document.
create or replace function colophon.queue_document() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.documents set status = 'queued', status_detail = null
  where id = new.document_id and version = new.version
    and status in ('uploaded', 'processed', 'partially_processed', 'failed');
  return null;
end
$$;
revoke all on function colophon.queue_document() from public;

-- A search finds what stands in the current version of documents that are not in the trash (why a function:
-- 20261122100500).
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
    join public.documents d on d.id = z.document_id and d.version = z.version and d.deleted_at is null
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
