-- The list of all live documents: what is in the trash is not walked over, however much it is.
-- CONCURRENTLY, so that documents are written meanwhile. Back: rollbacks/20261122121200_documents_live_created_at_index.sql.
create index concurrently documents_live_created_at_idx on public.documents (created_at desc, id desc) where deleted_at is null;
