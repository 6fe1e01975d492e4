-- The list of a person's live documents.
-- CONCURRENTLY, so that documents are written meanwhile. Back: rollbacks/20261122121220_documents_live_uploaded_by_index.sql.
create index concurrently documents_live_uploaded_by_idx on public.documents (uploaded_by, created_at desc, id desc)
  where deleted_at is null;
