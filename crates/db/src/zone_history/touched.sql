-- zone_history/touched: every state since the first of some changes, of the zones that these changes touched; zones after
-- an id, some at a time
with touched as (
  select h.zone_id from public.zone_history h where h.document_id = $1 and h.until_revision = any ($2)
  union
  select h.zone_id from public.zone_history h where h.document_id = $1 and h.zones_revision = any ($2)
  union
  select z.id from public.zones z where z.document_id = $1 and z.zones_revision = any ($2)
), part as (
  select t.zone_id from touched t where t.zone_id > $3 order by t.zone_id limit $4
)
select p.zone_id, h.zones_revision, h.until_revision, h.zone
from part p
-- Zone by zone (offset 0), however many the server expects.
cross join lateral (
  select h.zones_revision, h.until_revision, h.zone from public.zone_history h
  where h.document_id = $1 and h.zone_id = p.zone_id
    and h.until_revision >= (select min(r.revision) from unnest($2::int8[]) as r (revision)) offset 0) h
union all
select p.zone_id, z.zones_revision, null, z.zone
from part p
cross join lateral (
  select z.zones_revision, to_jsonb(z) as zone from public.zones z
  where z.document_id = $1 and z.id = p.zone_id offset 0) z
order by 1, 2
