-- The trash of everybody, newest first; the sweeper reads it from the other end.
-- CONCURRENTLY, so that documents are written meanwhile. Back: rollbacks/20261122121250_documents_deleted_at_index.sql.
create index concurrently documents_deleted_at_idx on public.documents (deleted_at desc, id desc)
  where deleted_at is not null;
