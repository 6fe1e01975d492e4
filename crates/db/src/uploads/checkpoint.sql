-- uploads/checkpoint: what was written and flushed counts from now on; no row where the lease is lost
update colophon.uploads
set upload_offset = $3, resumption = $4, updated_at = now(), expires_at = now() + make_interval(secs => $6),
    lease_until = clock_timestamp() + make_interval(secs => $5)
where id = $1 and lease_seq = $2 and resumption is not null
returning expires_at
