-- Back from 20261123003200_zone_history_zones_revision_index.sql.
drop index concurrently public.zone_history_zones_revision_idx;
