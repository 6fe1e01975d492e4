-- changes/at: where a revision or a time lies in the history of a document's zones. A version that was made the current
-- one after the last change is the current one since then.
select at.revision, d.zones_revision as newest, coalesce(c.version, d.version) as version
from public.documents d
cross join lateral (
  select coalesce($2::int8, (
    select c.revision from public.document_changes c
    where c.document_id = d.id and c.created_at <= $3::timestamptz
    order by c.revision desc limit 1), 0) as revision) at
left join public.document_changes c
  on c.document_id = d.id and c.revision = greatest(at.revision, 1) and at.revision < d.zones_revision
where d.id = $1
