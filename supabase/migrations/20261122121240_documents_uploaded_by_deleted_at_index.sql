-- A person's trash, newest first. Not of the trash alone, so that it also serves whoever asks for all of a person's documents
-- (policies, jobs and exports of a person), live or not, in place of documents_uploaded_by_idx.
-- CONCURRENTLY, so that documents are written meanwhile. Back: rollbacks/20261122121240_documents_uploaded_by_deleted_at_index.sql.
create index concurrently documents_uploaded_by_deleted_at_idx on public.documents (uploaded_by, deleted_at desc, id desc);
