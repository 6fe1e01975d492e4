-- zone_checks/cycles: zones that are a part of themselves by way of their parents; of each such ring, one
with recursive up as (
  select z.document_id, z.id as zone_id, z.parent_id as at, z.id as least, 1 as steps
  from public.zones z
  where z.document_id = any ($1) and z.parent_id is not null
  union all
  select u.document_id, u.zone_id, p.parent_id, least(u.least, p.id), u.steps + 1
  from up u
  join public.zones p on p.document_id = u.document_id and p.id = u.at and p.parent_id is not null
  where u.at <> u.zone_id and u.steps < 1000
)
select u.document_id, u.document_id || '/' || u.zone_id as key,
       'it is a part of itself, by way of ' || u.steps - 1 || ' others' as detail
from up u
where u.at = u.zone_id and u.zone_id = u.least
order by 2
