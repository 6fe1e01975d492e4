-- fsck/intents: announced, never written to the end, and left by every sweep of the last $4 seconds
select f.document_id, f.key, f.detail
from (
  select o.document_id, o.storage_path as key,
         'announced at ' || to_json(o.created_at)::text || ', given up at ' || to_json(o.intended_until)::text as detail
  from colophon.objects o
  where o.state = 'intended'
    -- A private server stands still while no program runs; nobody could sweep then.
    and greatest(o.intended_until, pg_postmaster_start_time()) < now() - make_interval(secs => $4)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
