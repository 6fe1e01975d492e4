-- Full-text search of zones by their language (20261123002100). CONCURRENTLY, so that zones are written meanwhile.
-- Back: rollbacks/20261123002110_zones_text_index.sql.
create index concurrently zones_text_idx on public.zones using gin (colophon.zone_text_vector(content, language));
