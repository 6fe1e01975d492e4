-- uploads/expired: uploads whose time is over, the longest first; the lease keeps every other process away from them
update colophon.uploads u
set lease_seq = u.lease_seq + 1, lease_holder = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
from (
  select e.id from colophon.uploads e
  where e.expires_at <= clock_timestamp() and (e.lease_until is null or e.lease_until <= clock_timestamp())
  order by e.expires_at
  limit $3
  for update skip locked
) as e
where u.id = e.id
returning u.id, u.owner, u.document_id, u.storage_path, u.upload_length, u.upload_offset, u.upload_metadata, u.details,
          u.resumption, u.version, u.job_id, u.refusal, u.expires_at, u.created_at, true as expired,
          null::float8 as leased_seconds, u.lease_seq
