-- exports/insert: an export whose files are already in the store
insert into public.export_records (
  document_id, id, export_type, formats, status, file_paths, validation_results, selection, started_at, completed_at,
  file_size_bytes, created_by)
values ($1, $2, $3, $4, 'completed', $5, $6, $7, $8, now(), $9, $10)
returning document_id, id, export_type, formats, status, file_paths, validation_results, selection, started_at,
          completed_at, file_size_bytes, created_by, created_at
