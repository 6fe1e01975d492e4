-- zone_checks/reading_orders: orders that name zones that are gone
select o.document_id, o.document_id || '/' || o.version || '/' || o.name as key,
       count(*) || ' of its zones are gone' as detail
from public.reading_orders o
cross join lateral jsonb_path_query(o.items, 'strict $.** ? (@.type() == "string")') as named (id)
where o.document_id = any ($1) and not exists (
  select from public.zones z where z.document_id = o.document_id and z.version = o.version
    and z.id::text = lower(named.id #>> '{}'))
group by o.document_id, o.version, o.name
order by 2
