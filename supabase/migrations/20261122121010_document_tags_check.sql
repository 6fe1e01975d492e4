-- The check of 20261122121000 holds for what was there before, too. Rows are read, and written meanwhile
-- (SHARE UPDATE EXCLUSIVE). Back: rollbacks/20261122121010_document_tags_check.sql: it holds for new rows only.
alter table public.documents validate constraint documents_tags_check;
