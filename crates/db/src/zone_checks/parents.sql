-- zone_checks/parents: zones that are part of a zone that is not there, or of one of another version
select z.document_id, z.document_id || '/' || z.id as key,
       case when p.id is null then 'its parent ' || z.parent_id || ' is not there'
         else 'it is of version ' || z.version || ', and its parent ' || p.id || ' of version ' || p.version end as detail
from public.zones z
left join public.zones p on p.document_id = z.document_id and p.id = z.parent_id
where z.document_id = any ($1) and z.parent_id is not null and p.version is distinct from z.version
order by 2
