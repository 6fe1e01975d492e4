-- Back from 20261122121010_document_tags_check.sql: the check holds for new rows only, as before it.
alter table public.documents drop constraint documents_tags_check;
alter table public.documents add constraint documents_tags_check check (colophon.are_tags(tags)) not valid;
