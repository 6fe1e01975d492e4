-- reading_orders/gone: those of these ids that are no zones of this version
select n.id
from unnest($3::uuid[]) with ordinality as n (id, place)
where not exists (select from public.zones z where z.document_id = $1 and z.id = n.id and z.version = $2)
order by n.place
