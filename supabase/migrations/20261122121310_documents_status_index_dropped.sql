-- documents_live_status_idx serves every statement that documents_status_idx served (crates/db/tests/it/plans.rs).
-- CONCURRENTLY, so that documents are read meanwhile. Back: rollbacks/20261122121310_documents_status_index_dropped.sql builds it again.
drop index concurrently public.documents_status_idx;
