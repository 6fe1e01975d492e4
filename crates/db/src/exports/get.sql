-- exports/get: one export by its identifier alone
select document_id, id, export_type, formats, status, file_paths, validation_results, selection, started_at,
       completed_at, file_size_bytes, created_by, created_at
from public.export_records
where id = $1
