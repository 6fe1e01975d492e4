-- imported_zones/match: what the same tool said of the same version before is the same zone again: the same identifier on
-- the same page, the first with the first where it is there twice
with staged as (
  select s.ordinal, s.page_number, s.external_id,
         row_number() over (partition by s.page_number, s.external_id order by s.ordinal) as place
  from colophon.imported_zones s
  where s.transaction_id = pg_current_xact_id() and not s.id_given and s.external_id is not null
), stored as (
  select z.id, z.zone_index, z.page_number, z.external_id,
         row_number() over (partition by z.page_number, z.external_id order by z.zone_index) as place
  from public.zones z
  where z.document_id = $1 and z.version = $2 and z.processing_tool = $3 and z.external_id is not null
    and z.created_by is null
), given as (
  select s.ordinal, z.id, z.zone_index
  from colophon.imported_zones s
  join public.zones z on z.document_id = $1 and z.id = s.id and z.version = $2 and z.created_by is null
  where s.transaction_id = pg_current_xact_id() and s.id_given
), found as (
  select staged.ordinal, stored.id, stored.zone_index
  from staged
  join stored on stored.page_number = staged.page_number and stored.external_id = staged.external_id
    and stored.place = staged.place
  union all
  select given.ordinal, given.id, given.zone_index from given
)
update colophon.imported_zones s
set id = found.id, zone_index = found.zone_index
from found
where s.transaction_id = pg_current_xact_id() and s.ordinal = found.ordinal
