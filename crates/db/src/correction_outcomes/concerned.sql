-- correction_outcomes/concerned: whether undoing these changes has a say in what waits for a person, of runs that they are
-- or whose undoing they undo; what is undone already has none
with recursive reached as (
  select r.revision
  from unnest($2::int8[]) as r (revision)
  where r.revision <> all ((select colophon.undone_revisions($1))::int8[])
  union
  select u.revision
  from reached
  join public.document_changes c on c.document_id = $1 and c.revision = reached.revision and c.kind = 'undo'
  cross join unnest(c.undoes) as u (revision)
)
select exists (
  select from public.correction_outcomes o
  join reached on reached.revision = o.revision
  where o.document_id = $1 and o.outcome in ('split', 'merged', 'conflict', 'orphaned')) as concerned
