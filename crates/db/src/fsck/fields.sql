-- fsck/fields: documents whose tags and metadata are not what the index of fields has of them; in the trash it has none
select f.document_id, f.key, f.detail
from (
  select d.id as document_id, d.id::text collate "C" as key,
         'the index differs in ' || string_agg(distinct differing.field, ', ') as detail
  from public.documents d
  cross join lateral (
    select coalesce(w.field, i.field) as field
    from colophon.fields_of(d.tags, d.metadata) w
    full join (
      select x.field, x.value, x.uploaded_by, x.created_at from colophon.document_fields x where x.document_id = d.id
    ) i on i.field = w.field collate "C" and i.value = w.value collate "C"
    where case when d.deleted_at is not null then i.field is not null
      else w.field is null or i.field is null
        or (i.uploaded_by, i.created_at) is distinct from (d.uploaded_by, d.created_at) end
  ) as differing
  -- Most documents have neither.
  where d.tags <> '{}' or d.metadata <> '{}'
    or exists (select from colophon.document_fields x where x.document_id = d.id)
  group by d.id
) f
where (f.key, f.document_id) > ($1, $2)
order by f.key, f.document_id
limit $3
