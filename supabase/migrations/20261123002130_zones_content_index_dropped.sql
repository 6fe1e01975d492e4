-- zones_text_idx serves the only statement that zones_content_idx served (crates/db/tests/it/plans.rs).
-- CONCURRENTLY, so that zones are read meanwhile. Back: rollbacks/20261123002130_zones_content_index_dropped.sql builds it again.
drop index concurrently public.zones_content_idx;
