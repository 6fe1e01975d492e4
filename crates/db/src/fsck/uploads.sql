-- fsck/uploads: resumable uploads that expired, and that every sweep of the last $4 seconds has left
select f.document_id, f.key, f.detail
from (
  select u.document_id, u.id::text collate "C" as key,
         u.upload_offset || ' of ' || u.upload_length || ' bytes; expired at ' || to_json(u.expires_at)::text as detail
  from colophon.uploads u
  -- A private server stands still while no program runs; nobody could sweep then.
  where greatest(u.expires_at, pg_postmaster_start_time()) < now() - make_interval(secs => $4)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
