-- uploads/get: an upload of this owner. It is gone once it has expired, swept or not
select id, owner, document_id, storage_path, upload_length, upload_offset, upload_metadata, details, resumption, version,
       job_id, refusal, expires_at, created_at, expires_at <= clock_timestamp() as expired,
       extract(epoch from lease_until - clock_timestamp())::float8 as leased_seconds
from colophon.uploads
where id = $1 and owner = $2
