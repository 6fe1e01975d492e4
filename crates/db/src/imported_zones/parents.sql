-- imported_zones/parents: finds the zone that each is a part of; says of which there is none
with parents as (
  select distinct on (s.key) s.key, s.id
  from colophon.imported_zones s
  where s.transaction_id = pg_current_xact_id()
  order by s.key, s.ordinal
), found as (
  update colophon.imported_zones s
  set parent_id = parents.id
  from parents
  where s.transaction_id = pg_current_xact_id() and s.parent_key = parents.key and s.id <> parents.id
  returning s.ordinal
)
select s.key
from colophon.imported_zones s
where s.transaction_id = pg_current_xact_id() and s.parent_key is not null
  and not exists (select from found where found.ordinal = s.ordinal)
