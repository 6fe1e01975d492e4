-- fsck/usage: owners of whom something else is counted than they keep
with kept as (
  select k.owner, sum(k.documents)::bigint as documents, sum(k.bytes)::bigint as bytes
  from (
    select coalesce(d.uploaded_by, '') as owner, count(*) as documents, 0::numeric as bytes
    from public.documents d group by 1
    union all
    select o.owner, 0, sum(o.file_size_bytes) from colophon.objects o where o.state = 'stored' group by o.owner
  ) as k
  group by k.owner
)
select f.document_id, f.key, f.detail
from (
  select '00000000-0000-0000-0000-000000000000'::uuid as document_id, coalesce(k.owner, u.owner) collate "C" as key,
         coalesce(u.document_count, 0) || ' documents and ' || coalesce(u.stored_bytes, 0) || ' bytes are counted; there are '
           || coalesce(k.documents, 0) || ' and ' || coalesce(k.bytes, 0) as detail
  from kept k full join colophon.owner_usage u on u.owner = k.owner
  where (coalesce(k.documents, 0), coalesce(k.bytes, 0)) <> (coalesce(u.document_count, 0), coalesce(u.stored_bytes, 0))
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
