-- zone_history/diff: zones whose state changed between two revisions, with both states, in reading order
with was as (
  select h.zone_id, h.zones_revision, h.version, h.zone_index
  from public.zone_history h
  where h.document_id = $1 and h.until_revision > $2 and h.until_revision <= $3 and h.zones_revision <= $2
), became as (
  select h.zone_id, h.zones_revision, h.version, h.zone_index
  from public.zone_history h
  where h.document_id = $1 and h.zones_revision > $2 and h.zones_revision <= $3 and h.until_revision > $3
  union all
  select z.id, z.zones_revision, z.version, z.zone_index
  from public.zones z where z.document_id = $1 and z.zones_revision > $2 and z.zones_revision <= $3
), differing as (
  select zone_id, was.zones_revision as was_since, became.zones_revision as became_since,
         coalesce(became.version, was.version) as version, coalesce(became.zone_index, was.zone_index) as zone_index
  from was full join became using (zone_id)
), part as (
  select * from differing d
  where ($4::int4 is null or (d.version, d.zone_index, d.zone_id) > ($4, $5::int4, $6::uuid))
  order by d.version, d.zone_index, d.zone_id
  limit $7
)
select p.zone_id, p.version, p.zone_index, b.zone as before, coalesce(a.zone, to_jsonb(z)) as after
from part p
left join public.zone_history b on b.document_id = $1 and b.zone_id = p.zone_id and b.zones_revision = p.was_since
left join public.zone_history a on a.document_id = $1 and a.zone_id = p.zone_id and a.zones_revision = p.became_since
left join public.zones z on z.document_id = $1 and z.id = p.zone_id and z.zones_revision = p.became_since
order by p.version, p.zone_index, p.zone_id
