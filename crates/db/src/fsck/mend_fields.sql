-- fsck/mend_fields: tags and metadata of a document, unless it is in the trash
insert into colophon.document_fields (document_id, field, value, uploaded_by, created_at)
select d.id, w.field, w.value, d.uploaded_by, d.created_at
from public.documents d
cross join lateral colophon.fields_of(d.tags, d.metadata) w
where d.id = $1 and d.deleted_at is null
