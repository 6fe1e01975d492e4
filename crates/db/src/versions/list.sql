-- versions/list: every version of a document, newest first
select version, storage_path, sha256, file_size_bytes, mime_type, original_filename, page_count, title, pdf_version,
       encryption, repaired, warnings, reason, status_detail, created_by, created_at
from public.document_versions
where document_id = $1
order by version desc
