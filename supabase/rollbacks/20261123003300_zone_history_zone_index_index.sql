-- Back from 20261123003300_zone_history_zone_index_index.sql.
drop index concurrently public.zone_history_zone_index_idx;
