-- uploads/renew: who writes an upload goes on; no row where the lease is lost
update colophon.uploads
set lease_until = clock_timestamp() + make_interval(secs => $3)
where id = $1 and lease_seq = $2 and resumption is not null
