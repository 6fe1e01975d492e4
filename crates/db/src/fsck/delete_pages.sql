-- fsck/delete_pages: pages of a version, before they are read anew
delete from public.document_pages where document_id = $1 and version = $2
