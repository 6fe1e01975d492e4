-- imported_zones/place: gives each new zone its place: on its page behind what is there, in the file's order; where a page
-- has no room for all of its new zones ($3 places a page), behind everything
with fresh as (
  select s.ordinal, s.page_number,
         row_number() over (partition by s.page_number order by s.position, s.ordinal) - 1 as n,
         count(*) over (partition by s.page_number) as total
  from colophon.imported_zones s
  where s.transaction_id = pg_current_xact_id() and s.zone_index is null
), taken as (
  select z.zone_index / $3 + 1 as page_number, max(z.zone_index) + 1 as free
  from public.zones z
  where z.document_id = $1 and z.version = $2
  group by 1
), begins as (
  select fresh.ordinal, fresh.page_number, fresh.n, fresh.total,
         coalesce(taken.free::int8, (fresh.page_number::int8 - 1) * $3) as first
  from fresh
  left join taken using (page_number)
), placed as (
  select begins.ordinal, begins.page_number, begins.n,
         case when begins.first + begins.total <= begins.page_number::int8 * $3 then begins.first + begins.n end as zone_index
  from begins
), behind as (
  select greatest(
      coalesce((select max(taken.free) from taken), 0),
      (select max(placed.page_number)::int8 * $3 from placed),
      (select max(p.page_number)::int8 * $3 from public.document_pages p where p.document_id = $1 and p.version = $2)) as first
), resolved as (
  select placed.ordinal, placed.zone_index from placed where placed.zone_index is not null
  union all
  select placed.ordinal, behind.first + row_number() over (order by placed.page_number, placed.n) - 1
  from placed, behind
  where placed.zone_index is null
)
update colophon.imported_zones s
set zone_index = placed.zone_index
from resolved placed
where s.transaction_id = pg_current_xact_id() and s.ordinal = placed.ordinal
