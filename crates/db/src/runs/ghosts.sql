-- runs/ghosts: zones of these pages that a person's own word took away, as they were last. What a run or an undo took
-- away may come again; an undo of an undo is the person's word once more.
select h.zone_id, h.until_revision, h.zone
from public.document_changes c
join public.zone_history h on h.document_id = c.document_id and h.until_revision = c.revision
where c.document_id = $1 and c.changed_by is not null
  and (c.kind in ('edit', 'resolve')
    or (c.kind = 'undo' and exists (
      select from public.document_changes u
      where u.document_id = $1 and u.kind = 'undo' and u.revision = any(c.undoes))))
  and (h.zone ->> 'version')::int4 = $2
  and (h.zone ->> 'page_number')::int4 = any($3)
  and h.zone ->> 'created_by' is null
  and not exists (select from public.zones z where z.document_id = $1 and z.id = h.zone_id)
  and not exists (
    select from public.zone_history later
    where later.document_id = $1 and later.zone_id = h.zone_id and later.until_revision > h.until_revision)
order by h.zone_id
