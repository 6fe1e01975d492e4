-- fsck/take_version: the ledger learns of a version's object
select colophon.take_object(v.document_id, v.storage_path, v.file_size_bytes, v.sha256)
from public.document_versions v
where v.document_id = $1 and v.storage_path = $2
limit 1
