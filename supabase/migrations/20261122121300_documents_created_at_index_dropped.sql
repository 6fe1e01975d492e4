-- documents_live_created_at_idx serves every statement that documents_created_at_idx served (crates/db/tests/it/plans.rs).
-- CONCURRENTLY, so that documents are read meanwhile. Back: rollbacks/20261122121300_documents_created_at_index_dropped.sql builds it again.
drop index concurrently public.documents_created_at_idx;
