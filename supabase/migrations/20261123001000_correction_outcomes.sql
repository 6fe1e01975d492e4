-- How each correction came through a run, and what waits for a person. A new table; nothing that is there is locked
-- beyond the foreign key's SHARE ROW EXCLUSIVE on documents for an instant.
-- Back: rollbacks/20261123001000_correction_outcomes.sql drops it, and with it the runs' zones that wait.

create table public.correction_outcomes (
  document_id   uuid not null references public.documents (id) on delete cascade,
  id            uuid not null default gen_random_uuid(),
  -- The correction; null for a person's work from before corrections were on record. A plain value, as is the zone's:
  -- an outcome outlives both.
  correction_id uuid,
  zone_id       uuid not null,
  -- The run's change.
  revision      bigint not null,
  outcome       text not null,
  -- Zones that the outcome is about: of a split or merged one every zone that stayed where the candidates would stand.
  zone_ids      uuid[] not null default '{}',
  -- The run's zones that were not stored.
  candidates    jsonb not null default '[]',
  -- Of a conflict: the fields as the tool had them before, as the run has them, and as the person has them.
  base          jsonb,
  theirs        jsonb,
  yours         jsonb,
  created_at    timestamptz not null default now(),
  resolved_at   timestamptz,
  resolved_by   text,
  resolution    text,
  primary key (document_id, id),
  constraint correction_outcomes_outcome_check
    check (outcome in ('kept', 'moved', 'split', 'merged', 'conflict', 'orphaned')),
  constraint correction_outcomes_candidates_check check (jsonb_typeof(candidates) = 'array'),
  -- Superseded: a later run said something else of the same correction.
  constraint correction_outcomes_resolution_check
    check (resolution in ('yours', 'theirs', 'candidates', 'superseded')),
  constraint correction_outcomes_resolved_check check ((resolved_at is null) = (resolution is null)),
  constraint correction_outcomes_resolved_by_check check (char_length(resolved_by) <= 255)
);
create index correction_outcomes_zone_id_idx on public.correction_outcomes (document_id, zone_id);
create index correction_outcomes_open_idx on public.correction_outcomes (document_id, id)
  where resolved_at is null and outcome in ('split', 'merged', 'conflict', 'orphaned');

alter table public.correction_outcomes enable row level security;
revoke all on public.correction_outcomes from public, anon, authenticated, service_role;
grant select, insert, update, delete on public.correction_outcomes to service_role;
grant select on public.correction_outcomes to authenticated;
grant insert (document_id, id, correction_id, zone_id, revision, outcome, zone_ids, candidates, base, theirs, yours),
  update (resolved_at, resolved_by, resolution)
  on public.correction_outcomes to authenticated;
create policy correction_outcomes_select on public.correction_outcomes for select to authenticated
  using (document_id = (select colophon.document_in_view())
    or document_id = (select d.id from public.documents d where d.id = document_id));
-- An editor delivers a run in their own name, and settles what it left open.
create policy correction_outcomes_insert on public.correction_outcomes for insert to authenticated
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
create policy correction_outcomes_update on public.correction_outcomes for update to authenticated
  using (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))))
  with check (document_id = (select d.id from public.documents d where d.id = document_id
    and (d.uploaded_by = (select auth.uid())::text or d.id in (select colophon.shared_documents('editor')))));
