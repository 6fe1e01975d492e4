-- A search finds stems in each zone's own language, and may be held to a language, a document, a page. The function is
-- replaced, and what called it with four arguments still does; nothing is locked.
-- Back: rollbacks/20261123002120_search_in_language.sql searches word by word again.

-- What a search may find in any language, or in this one: more than it finds, since a stem of one language may be a word
-- of another; each zone is then held against the query in its own.
create function colophon.zone_text_query(search_text text, of_language text default null) returns tsquery
language sql stable parallel safe set search_path = '' as $$
  select coalesce(string_agg(distinct '(' || q.query::text || ')', ' | '), '')::tsquery
  from (
    select websearch_to_tsquery(colophon.zone_text_config(l.language), search_text) as query
    from unnest(case when of_language is not null then array[of_language]
      else '{und,ar,ca,da,de,el,en,es,eu,fi,fr,ga,hi,hu,hy,id,it,lt,ne,nl,no,pt,ro,ru,sr,sv,ta,tr,yi}'::text[] end)
      as l (language)
  ) q
  where numnode(q.query) > 0
$$;
revoke all on function colophon.zone_text_query(text, text) from public, anon;
grant execute on function colophon.zone_text_query(text, text) to authenticated, service_role;

-- lint-ignore: ban-drop-function the one below takes its calls: what it has more has a default
drop function colophon.search_zones(text, integer, real, uuid);
create function colophon.search_zones(
  search_text text, result_limit integer, after_rank real, after_id uuid, of_language text default null,
  of_document uuid default null, of_page integer default null)
returns table (
  document_id uuid, filename text, zone_id uuid, page_number integer, zone_index integer, zone_type text,
  coordinates jsonb, excerpt text, rank real, language text)
language sql stable security definer set search_path = '' as $$
  with query as (
    select colophon.zone_text_query(search_text, of_language) as q,
           (select auth.uid())::text as reader,
           coalesce(current_setting('role', true), '') = 'service_role' as reads_all
  ), hits as (
    select z.document_id, d.filename, z.id, z.page_number, z.zone_index, z.zone_type, z.coordinates, z.content,
           z.language, ts_rank(own.vector, own.q) as rank, own.q
    from query
    join public.zones z on colophon.zone_text_vector(z.content, z.language) operator(pg_catalog.@@) query.q
    join public.documents d on d.id = z.document_id and d.version = z.version and d.deleted_at is null
    cross join lateral (
      select colophon.zone_text_vector(z.content, z.language) as vector,
             websearch_to_tsquery(colophon.zone_text_config(z.language), search_text) as q
      offset 0
    ) own
    where (query.reads_all or d.uploaded_by = query.reader or d.id in (select colophon.shared_documents('viewer')))
      and (of_document is null or z.document_id = of_document)
      and (of_page is null or z.page_number = of_page)
      and (of_language is null or lower(z.language) = lower(of_language)
        or starts_with(lower(z.language), lower(of_language) || '-'))
      and own.vector operator(pg_catalog.@@) own.q
  ), page as (
    select * from hits h
    where after_id is null or (h.rank, h.id) < (after_rank, after_id)
    order by h.rank desc, h.id desc
    limit result_limit
  )
  select p.document_id, p.filename, p.id, p.page_number, p.zone_index, p.zone_type, p.coordinates,
         ts_headline(colophon.zone_text_config(p.language), colophon.zone_search_text(p.content), p.q,
           'StartSel=«, StopSel=», MaxFragments=2, MaxWords=18, MinWords=6, ShortWord=0'),
         p.rank, p.language
  from page p
  order by p.rank desc, p.id desc
$$;
revoke all on function colophon.search_zones(text, integer, real, uuid, text, uuid, integer) from public, anon;
grant execute on function colophon.search_zones(text, integer, real, uuid, text, uuid, integer)
  to authenticated, service_role;
