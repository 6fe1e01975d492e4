-- health/server: the server, the session that a connection gets, and what protects the way to it
select current_setting('server_version_num')::int4 as version_number,
       current_setting('server_version') as version,
       current_setting('max_connections')::int4 as max_connections,
       pg_postmaster_start_time() as started_at,
       pg_is_in_recovery() as in_recovery,
       d.datname::text as database,
       d.oid::int8 as database_id,
       coalesce(s.ssl, false) as encrypted,
       s.version as tls_version,
       (select t.reset_val from pg_settings t where t.name = 'statement_timeout')::int8 as statement_timeout_ms
from pg_database d
left join pg_stat_ssl s on s.pid = pg_backend_pid()
where d.datname = current_database()
