-- imported_zones/unroot: what is part of itself by way of others, as only a damaged file says, is part of nothing
with recursive rooted as (
  select s.id
  from colophon.imported_zones s
  where s.transaction_id = pg_current_xact_id() and s.parent_id is null
  union
  select s.id
  from colophon.imported_zones s
  join rooted on s.parent_id = rooted.id
  where s.transaction_id = pg_current_xact_id()
)
update colophon.imported_zones s
set parent_id = null
where s.transaction_id = pg_current_xact_id() and s.parent_id is not null and s.id not in (select rooted.id from rooted)
returning s.key
