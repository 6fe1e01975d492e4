-- correction_outcomes/lock: one outcome, to be settled
select document_id, id, correction_id, zone_id, revision, outcome, zone_ids, candidates, base, theirs, yours, created_at,
       resolved_at, resolved_by, resolution
from public.correction_outcomes
where document_id = $1 and id = $2
for no key update
