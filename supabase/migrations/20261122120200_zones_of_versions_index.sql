-- Zones of each version of a document have their own order: the unique index that 20261122120300 makes the rule.
-- CONCURRENTLY, so that zones are written meanwhile. Back: rollbacks/20261122120200_zones_of_versions_index.sql.
create unique index concurrently zones_version_zone_index_key on public.zones (document_id, version, zone_index);
