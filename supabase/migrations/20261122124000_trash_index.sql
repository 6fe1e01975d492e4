-- The sweeper looks every minute for documents whose time in the trash is over.
-- CONCURRENTLY, so that documents are written meanwhile. Back: rollbacks/20261122124000_trash_index.sql.
create index concurrently documents_deleted_at_idx on public.documents (deleted_at) where deleted_at is not null;
