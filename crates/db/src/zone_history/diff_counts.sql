-- zone_history/diff_counts: how many zones differ between two revisions, and how
with was as (
  select h.zone_id, h.zone
  from public.zone_history h
  where h.document_id = $1 and h.until_revision > $2 and h.until_revision <= $3 and h.zones_revision <= $2
), became as (
  select h.zone_id, h.zone
  from public.zone_history h
  where h.document_id = $1 and h.zones_revision > $2 and h.zones_revision <= $3 and h.until_revision > $3
  union all
  select z.id, to_jsonb(z)
  from public.zones z where z.document_id = $1 and z.zones_revision > $2 and z.zones_revision <= $3
), differing as (
  select was.zone as before, became.zone as after,
         was.zone is not null and became.zone is not null as both_there,
         was.zone - $4::text[] is distinct from became.zone - $4::text[] as differs
  from was full join became using (zone_id)
)
select count(*) filter (where before is null) as added,
       count(*) filter (where after is null) as removed,
       count(*) filter (where both_there and differs) as changed,
       count(*) filter (where both_there and (before -> 'coordinates' <> after -> 'coordinates'
                                              or before -> 'page_number' <> after -> 'page_number')) as moved,
       count(*) filter (where both_there and before -> 'zone_type' <> after -> 'zone_type') as retyped,
       count(*) filter (where both_there and before -> 'content' <> after -> 'content') as retexted,
       count(*) filter (where both_there and before -> 'status' <> after -> 'status') as status
from differing
