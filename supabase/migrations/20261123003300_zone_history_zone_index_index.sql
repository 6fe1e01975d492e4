-- A document as it was, in reading order: the twin of zones_version_zone_index_key. CONCURRENTLY, so that zones are
-- written meanwhile. Back: rollbacks/20261123003300_zone_history_zone_index_index.sql.
create index concurrently zone_history_zone_index_idx on public.zone_history (document_id, version, zone_index);
