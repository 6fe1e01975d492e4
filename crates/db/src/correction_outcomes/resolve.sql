-- correction_outcomes/resolve: settled, and with it what the same run left open of the same zones in the same way
update public.correction_outcomes o
set resolved_at = now(), resolved_by = $3, resolution = $4
from public.correction_outcomes settled
where settled.document_id = $1 and settled.id = $2 and o.document_id = $1 and o.resolved_at is null
  and (o.id = $2
    or ($5 and o.revision = settled.revision and o.outcome in ('split', 'merged', 'orphaned')
      and o.zone_ids && settled.zone_ids))
