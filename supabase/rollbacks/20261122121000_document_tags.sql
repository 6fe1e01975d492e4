-- Back from 20261122121000_document_tags.sql: all tags are forgotten.
drop trigger documents_revision on public.documents;
create trigger documents_revision before update of filename, metadata, version on public.documents
  for each row
  when ((old.filename, old.metadata, old.version) is distinct from (new.filename, new.metadata, new.version))
  execute function colophon.next_revision();
alter table public.documents drop constraint documents_tags_check;
alter table public.documents drop column tags;
drop function colophon.are_tags(text[]);
