-- Back from 20261123002400_purge_history.sql.
drop function colophon.purge_history(uuid, bigint);
