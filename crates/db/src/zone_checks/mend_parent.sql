-- zone_checks/mend_parent: a zone stands by itself
update public.zones set parent_id = null where document_id = $1 and id = $2
