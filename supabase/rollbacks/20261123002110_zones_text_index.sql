-- Back from 20261123002110_zones_text_index.sql: zones_content_idx serves the search that was before.
drop index concurrently if exists public.zones_text_idx;
