-- The rows of colophon.document_fields for the documents there are. Each document that has something to file is locked
-- (FOR SHARE) from when it is read until the end, so that no edit slips in between; the triggers of 20261122121100 see to
-- every later one. Back: rollbacks/20261122121110_document_fields_filled.sql empties the table.
insert into colophon.document_fields (document_id, field, value, uploaded_by, created_at)
select d.id, f.field, f.value, d.uploaded_by, d.created_at
from (
  select id, tags, metadata, uploaded_by, created_at from public.documents
  where deleted_at is null and (metadata <> '{}' or tags <> '{}')
  for share
) d
cross join lateral colophon.fields_of(d.tags, d.metadata) f
on conflict do nothing;
