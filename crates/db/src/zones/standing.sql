-- zones/standing: which of these places in the reading order of a version are taken, and by what. Each place is looked up
-- by itself: as a condition `= any(…)` was a filter over all zones of the document, once for each batch.
select z.zone_index, z.id, z.status, z.judged, z.drawn
from unnest($3::int4[]) as g (zone_index)
cross join lateral (
  select z.zone_index, z.id, z.status, coalesce(z.original ? 'status', false) as judged,
         z.created_by is not null as drawn
  from public.zones z
  where z.document_id = $1 and z.version = $2 and z.zone_index = g.zone_index
  limit 1) z
