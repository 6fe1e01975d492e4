-- fsck/mend_document: the document says of its file what its current version says
update public.documents d
set storage_path = v.storage_path, sha256 = v.sha256, file_size_bytes = v.file_size_bytes, page_count = v.page_count,
    mime_type = v.mime_type
from public.document_versions v
where d.id = $1 and v.document_id = d.id and v.version = d.version
