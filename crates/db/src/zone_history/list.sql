-- zone_history/list: the states of a zone, the newest first, before the one that a revision began; also of one that is
-- gone
select s.zone_id, s.zones_revision, s.until_revision, s.zone
from (
  select z.id as zone_id, z.zones_revision, null::int8 as until_revision, to_jsonb(z) as zone
  from public.zones z where z.document_id = $1 and z.id = $2
  union all
  select h.zone_id, h.zones_revision, h.until_revision, h.zone
  from public.zone_history h where h.document_id = $1 and h.zone_id = $2) s
where ($3::int8 is null or s.zones_revision < $3)
order by s.zones_revision desc
limit $4
