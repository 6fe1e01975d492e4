-- Back from 20261123002130_zones_content_index_dropped.sql: the index is built again, while zones are written.
create index concurrently zones_content_idx on public.zones using gin (colophon.zone_text_vector(content));
