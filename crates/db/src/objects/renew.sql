-- objects/renew: an object is still being written; no announcement is shortened
update colophon.objects set intended_until = greatest(intended_until, now() + make_interval(secs => $3))
where document_id = $1 and storage_path = $2 and state = 'intended'
