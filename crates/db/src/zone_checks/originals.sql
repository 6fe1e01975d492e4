-- zone_checks/originals: zones that keep a tool's word of something that people cannot change
select z.document_id, z.document_id || '/' || z.id as key,
       'original has ' || array_to_string(array(select jsonb_object_keys(z.original
         - '{content,zone_type,coordinates,status}'::text[])), ', ') as detail
from public.zones z
where z.document_id = any ($1) and z.original - '{content,zone_type,coordinates,status}'::text[] <> '{}'
order by 2
