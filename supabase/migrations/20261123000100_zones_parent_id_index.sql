-- The parts of a zone; what the foreign key of 20261123000200 looks up when a zone is deleted. CONCURRENTLY, so that
-- zones are written meanwhile. Back: rollbacks/20261123000100_zones_parent_id_index.sql.
create index concurrently zones_parent_id_idx on public.zones (document_id, parent_id) where parent_id is not null;
