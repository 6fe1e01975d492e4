-- objects/forget: an announced object was given up, and nothing of it is in the store
delete from colophon.objects where document_id = $1 and storage_path = $2 and state = 'intended'
