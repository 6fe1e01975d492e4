-- correction_outcomes/settle_again: after runs were undone or done again: what only undone runs superseded waits again, and
-- what a run that stands supersedes does not wait
update public.correction_outcomes o
set resolved_at = case when superseded.by_run then now() end,
    resolution = case when superseded.by_run then 'superseded' end
from (
  select w.id, exists (
    select from public.correction_outcomes n
    where n.document_id = $1 and n.zone_id = w.zone_id and n.revision > w.revision
      and n.revision <> all ((select colophon.undone_revisions($1))::int8[])
      and n.correction_id is not distinct from w.correction_id
      and (w.outcome <> 'conflict' or n.outcome not in ('kept', 'moved'))) as by_run
  from public.correction_outcomes w
  where w.document_id = $1 and w.outcome in ('split', 'merged', 'conflict', 'orphaned')
    and (w.resolution is null or w.resolution = 'superseded')
) superseded
where o.document_id = $1 and o.id = superseded.id and superseded.by_run <> (o.resolution is not null)
