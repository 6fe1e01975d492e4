-- The list of live documents of one status.
-- CONCURRENTLY, so that documents are written meanwhile. Back: rollbacks/20261122121210_documents_live_status_index.sql.
create index concurrently documents_live_status_idx on public.documents (status, created_at desc, id desc)
  where deleted_at is null;
