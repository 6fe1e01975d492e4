-- fsck/relink_versions: versions of the document $1 get their file from $3, which holds the same bytes as $2 did
update public.document_versions set storage_path = $3 where document_id = $1 and storage_path = $2
