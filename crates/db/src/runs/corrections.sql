-- runs/corrections: the newest correction of each kind of these zones, whether it is of the zone or the zone took part
select distinct on (t.zone_id, c.correction_type) t.zone_id, c.id, c.correction_type
from unnest($2::uuid[]) as t (zone_id)
join public.user_corrections c
  on c.document_id = $1 and (c.zone_id = t.zone_id or c.zone_ids @> array[t.zone_id])
order by t.zone_id, c.correction_type, c.zones_revision desc nulls last, c.created_at desc, c.id desc
