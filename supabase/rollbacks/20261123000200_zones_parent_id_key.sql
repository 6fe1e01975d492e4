-- Back from 20261123000200_zones_parent_id_key.sql.
alter table public.zones drop constraint zones_parent_id_fkey;
