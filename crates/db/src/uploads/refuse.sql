-- uploads/refuse: an upload has ended with this problem; no row where the lease is lost
update colophon.uploads
set refusal = $3, resumption = null, lease_until = null, updated_at = now()
where id = $1 and lease_seq = $2 and resumption is not null
