-- Back from 20261122120200_zones_of_versions_index.sql.
drop index concurrently public.zones_version_zone_index_key;
