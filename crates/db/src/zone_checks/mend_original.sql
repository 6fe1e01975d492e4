-- zone_checks/mend_original: of a tool's word, what people can change is kept
update public.zones
set original = nullif(original - array(select jsonb_object_keys(original
  - '{content,zone_type,coordinates,status}'::text[])), '{}')
where document_id = $1 and id = $2
