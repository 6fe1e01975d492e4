-- imported_zones/refuse: takes out what may not be stored, and says why: an id that the file has twice or that belongs to
-- another version; and what a person took away, by deleting, splitting or merging it, since it was imported
with staged as (
  select s.ordinal, s.key, s.id, s.page_number, s.external_id, s.zone_index, s.id_given,
         row_number() over (partition by s.id order by s.ordinal) as place
  from colophon.imported_zones s
  where s.transaction_id = pg_current_xact_id()
), gone as (
  select distinct c.zone_id, c.before ->> 'external_id' as external_id, c.page_number
  from public.user_corrections c
  where c.document_id = $1 and c.correction_type in ('delete', 'split', 'merge')
    and c.before ->> 'processing_tool' = $3 and (c.before ->> 'version')::int4 = $2
    and not exists (select from public.zones z where z.document_id = $1 and z.id = c.zone_id)
), refused as (
  select staged.ordinal, staged.key, 'id_taken' as reason
  from staged
  where staged.place > 1
     or staged.id_given and staged.zone_index is null
        and exists (select from public.zones z where z.document_id = $1 and z.id = staged.id)
  union
  select staged.ordinal, staged.key, 'deleted_by_person'
  from staged
  join gone on gone.zone_id = staged.id or gone.external_id = staged.external_id and gone.page_number = staged.page_number
  where staged.zone_index is null
)
delete from colophon.imported_zones s
using refused
where s.transaction_id = pg_current_xact_id() and s.ordinal = refused.ordinal
returning refused.key, refused.reason
