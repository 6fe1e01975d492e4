-- corrections/ancestors: the zone itself and what it is a part of, up to the top
with recursive up as (
  select z.id, z.parent_id from public.zones z where z.document_id = $1 and z.id = $2 and z.version = $3
  union
  select z.id, z.parent_id from public.zones z join up on z.id = up.parent_id where z.document_id = $1)
select id from up
