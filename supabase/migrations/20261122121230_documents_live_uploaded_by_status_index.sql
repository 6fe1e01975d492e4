-- The list of a person's live documents of one status: a rare one is found without walking over the others.
-- CONCURRENTLY, so that documents are written meanwhile. Back: rollbacks/20261122121230_documents_live_uploaded_by_status_index.sql.
create index concurrently documents_live_uploaded_by_status_idx
  on public.documents (uploaded_by, status, created_at desc, id desc) where deleted_at is null;
