-- corrections/park: zones that stand where $4 indexes from $3 on are needed leave their places, to behind all places
-- taken now or then; indexes are unique at every moment, so corrections/place gives them their new ones
with following as (
  select z.id, z.zone_index, row_number() over (order by z.zone_index) as place
  from public.zones z
  where z.document_id = $1 and z.version = $2 and z.zone_index >= $3),
moving as (
  -- Those that stand too near; behind the first that does not, nobody does.
  select f.id, f.place from following f where f.zone_index < $3::int8 + $4::int8 + f.place - 1),
behind as (
  select greatest(max(f.zone_index), $3::int8 + $4::int8 + count(*)) as zone_index from following f)
update public.zones z
set zone_index = (behind.zone_index + moving.place)::int4
from moving, behind
where z.document_id = $1 and z.id = moving.id
returning z.id, moving.place
