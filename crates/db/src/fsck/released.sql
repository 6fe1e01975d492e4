-- fsck/released: released, past the grace of $5 seconds, and left by every sweep of the last $4 seconds
select f.document_id, f.key, f.detail
from (
  select o.document_id, o.storage_path as key, 'released at ' || to_json(o.changed_at)::text as detail
  from colophon.objects o
  where o.state = 'released'
    -- A private server stands still while no program runs; nobody could sweep then.
    and greatest(o.changed_at + make_interval(secs => $5), pg_postmaster_start_time()) < now() - make_interval(secs => $4)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
