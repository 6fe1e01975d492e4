-- correction_outcomes/supersede: what waited of the corrections for which the run of change $2 says something else. A
-- conflict goes on waiting where the run says what the last one said.
update public.correction_outcomes o
set resolved_at = now(), resolution = 'superseded'
where o.document_id = $1 and o.revision <> $2 and o.resolved_at is null
  and o.outcome in ('split', 'merged', 'conflict', 'orphaned')
  and exists (
    select from public.correction_outcomes n
    where n.document_id = $1 and n.revision = $2 and n.zone_id = o.zone_id
      and n.correction_id is not distinct from o.correction_id
      and (o.outcome <> 'conflict' or n.outcome not in ('kept', 'moved')))
