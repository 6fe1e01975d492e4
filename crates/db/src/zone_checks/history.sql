-- zone_checks/history: zones whose states do not follow one another; between one that went and its coming back, by an undo
-- or under the same id, there is none
with states as (
  select h.document_id, h.zone_id, h.zones_revision, h.until_revision,
         (h.zone ->> 'created_at')::timestamptz as created_at
  from public.zone_history h
  where h.document_id = any ($1)
  union all
  select z.document_id, z.id, z.zones_revision, null, z.created_at
  from public.zones z
  where z.document_id = any ($1)
    and exists (select from public.zone_history h where h.document_id = z.document_id and h.zone_id = z.id)
), steps as (
  select s.*, lead(s.zones_revision) over following as next_revision, lead(s.created_at) over following as next_created_at
  from states s
  window following as (partition by s.document_id, s.zone_id order by s.zones_revision, s.until_revision nulls last)
)
select s.document_id, s.document_id || '/' || s.zone_id as key,
       case when bool_or(s.next_revision < s.until_revision) then 'two states of it are said to have held at once'
         else 'what it was is not known from revision ' || min(s.until_revision) || ' to ' || min(s.next_revision)
       end as detail
from steps s
where s.next_revision < s.until_revision
  or (s.next_revision > s.until_revision and s.next_created_at = s.created_at and not exists (
    select from public.document_changes c where c.document_id = s.document_id and c.revision = s.next_revision
      and c.kind in ('undo', 'resolve')))
group by s.document_id, s.zone_id
order by 2
