-- versions/insert: one file of a document; never changed afterwards
insert into public.document_versions (
  document_id, version, storage_path, sha256, file_size_bytes, mime_type, original_filename, page_count, title,
  pdf_version, encryption, repaired, warnings, created_by, reason, status_detail)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
