-- fsck/trash: in the trash for longer than $5 seconds, and left by every sweep of the last $4 seconds
select f.document_id, f.key, f.detail
from (
  select d.id as document_id, d.id::text collate "C" as key,
         'in the trash since ' || to_json(d.deleted_at)::text as detail
  from public.documents d
  where d.deleted_at is not null and d.legal_hold is null
    -- A private server stands still while no program runs; nobody could sweep then.
    and greatest(d.deleted_at + make_interval(secs => $5), pg_postmaster_start_time()) < now() - make_interval(secs => $4)
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
