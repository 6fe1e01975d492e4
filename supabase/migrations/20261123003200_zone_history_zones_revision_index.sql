-- The states that a change began: what the difference of two revisions asks for. CONCURRENTLY, so that zones are written
-- meanwhile. Back: rollbacks/20261123003200_zone_history_zones_revision_index.sql.
create index concurrently zone_history_zones_revision_idx on public.zone_history (document_id, zones_revision);
