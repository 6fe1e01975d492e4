-- uploads/take: the right to write an open upload for $4 seconds. A lease of another process is waited for; one of our
-- own ($3) has ended, since a process lets one at a time do this
update colophon.uploads
set lease_seq = lease_seq + 1, lease_holder = $3, lease_until = clock_timestamp() + make_interval(secs => $4)
where id = $1 and owner = $2 and resumption is not null and expires_at > clock_timestamp()
  and (lease_until is null or lease_until <= clock_timestamp() or lease_holder = $3)
returning id, owner, document_id, storage_path, upload_length, upload_offset, upload_metadata, details, resumption,
          version, job_id, refusal, expires_at, created_at, false as expired, null::float8 as leased_seconds, lease_seq
