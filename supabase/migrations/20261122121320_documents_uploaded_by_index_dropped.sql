-- documents_live_uploaded_by_idx or documents_uploaded_by_deleted_at_idx serves every statement that documents_uploaded_by_idx served (crates/db/tests/it/plans.rs).
-- CONCURRENTLY, so that documents are read meanwhile. Back: rollbacks/20261122121320_documents_uploaded_by_index_dropped.sql builds it again.
drop index concurrently public.documents_uploaded_by_idx;
