-- correction_outcomes/list: newest runs first; $3: only what waits for a person, which nothing of an undone run does
select document_id, id, correction_id, zone_id, revision, outcome, zone_ids, candidates, base, theirs, yours, created_at,
       resolved_at, resolved_by, resolution
from public.correction_outcomes o
where document_id = $1
  and ($2::text is null or outcome = $2)
  and ($3::bool is null or $3 = (
    resolved_at is null and outcome in ('split', 'merged', 'conflict', 'orphaned')
    and o.revision <> all ((select colophon.undone_revisions($1))::int8[])))
  and ($4::uuid is null or zone_id = $4)
  and ($5::int8 is null or revision = $5)
  and ($6::uuid is null or id < $6)
order by id desc
limit $7
