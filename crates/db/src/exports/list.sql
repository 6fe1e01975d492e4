-- exports/list: newest first, keyset on (created_at, id). Sent unprepared, as documents/list.
select document_id, id, export_type, formats, status, file_paths, validation_results, selection, started_at,
       completed_at, file_size_bytes, created_by, created_at
from public.export_records
where ($1::uuid is null or document_id = $1)
  and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
order by created_at desc, id desc
limit $4
