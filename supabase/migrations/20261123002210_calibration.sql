-- How far a tool's confidence can be relied on: what people said of its zones, by tool, model, type and tenth of
-- confidence. A function alone; nothing is locked. Back: rollbacks/20261123002210_calibration.sql.
--
-- A verdict is about one zone and one confidence of it: changed, if a person changed the zone in any way that was not undone;
-- right, if they only accepted it. The type is what the tool had said: that of the first correction. PL/pgSQL, since
-- undone_revisions comes later (20261123003000). As its owner, since under row-level security each correction would
-- look for its document; who reads is looked up here, once.
create function colophon.calibration(of_tool text, of_model text, of_type text, since timestamptz)
returns table (
  processing_tool text, processing_model text, zone_type text, bucket integer, verdicts bigint, changed bigint,
  confidence_sum numeric)
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_column
declare
  reader constant text := auth.uid()::text;
  reads_all constant boolean := coalesce(current_setting('role', true), '') = 'service_role';
begin
  return query
  with visible as (
    select d.id from public.documents d where not reads_all and d.uploaded_by = reader
    union
    select d.id from public.documents d
    where not reads_all and d.deleted_at is null and d.id in (select colophon.shared_documents('viewer'))
  ), said as (
    select c.document_id, c.zone_id, c.created_at, c.processing_tool, c.processing_model, c.zone_type,
           c.confidence_before, c.correction_type, c.zones_revision
    from public.user_corrections c
    where reads_all and c.confidence_before is not null
    union all
    select c.document_id, c.zone_id, c.created_at, c.processing_tool, c.processing_model, c.zone_type,
           c.confidence_before, c.correction_type, c.zones_revision
    from visible v
    join public.user_corrections c on c.document_id = v.id and c.confidence_before is not null
  ), undone as materialized (
    select u.document_id, unnest(colophon.undone_revisions(u.document_id)) as revision
    from (select distinct c.document_id from public.document_changes c
      where c.kind = 'undo' and (reads_all or c.document_id in (select v.id from visible v))) u
  ), verdict as (
    select s.processing_tool, s.processing_model, (array_agg(s.zone_type order by s.created_at))[1] as zone_type,
           s.confidence_before as confidence, bool_or(s.correction_type is distinct from 'accept') as changed
    from said s
    where (of_tool is null or s.processing_tool = of_tool)
      and (of_model is null or s.processing_model = of_model)
      and (since is null or s.created_at >= since)
      and s.correction_type is distinct from 'create' and s.correction_type is distinct from 'undo'
      and not exists (
        select from undone u where u.document_id = s.document_id and u.revision = s.zones_revision)
    group by s.document_id, s.zone_id, s.processing_tool, s.processing_model, s.confidence_before
  )
  select v.processing_tool, v.processing_model, v.zone_type, least(floor(v.confidence * 10), 9)::integer, count(*),
         count(*) filter (where v.changed), sum(v.confidence)
  from verdict v
  where of_type is null or v.zone_type = of_type
  group by 1, 2, 3, 4;
end
$$;
revoke all on function colophon.calibration(text, text, text, timestamptz) from public, anon;
grant execute on function colophon.calibration(text, text, text, timestamptz) to authenticated, service_role;
