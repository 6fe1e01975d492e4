-- Back from 20261123002120_search_in_language.sql: a search finds words as they stand, whatever the language.
drop function colophon.search_zones(text, integer, real, uuid, text, uuid, integer);
drop function colophon.zone_text_query(text, text);
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
