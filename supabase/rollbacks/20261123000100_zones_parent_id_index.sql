-- Back from 20261123000100_zones_parent_id_index.sql.
drop index concurrently public.zones_parent_id_idx;
