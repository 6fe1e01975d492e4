-- fsck/relink_document: so does the document itself
update public.documents set storage_path = $3 where id = $1 and storage_path = $2
