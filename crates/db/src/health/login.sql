-- health/login: what the login role is, and which of these relations it reaches without taking another role
select r.rolname::text as name,
       r.rolsuper as superuser,
       r.rolbypassrls as bypasses_rls,
       coalesce(
         (select has_schema_privilege(r.oid, n.oid, 'usage') from pg_namespace n where n.nspname = 'colophon'), false
       ) as enters_colophon,
       array(
         select format('%s.%s', n.nspname, c.relname)
         from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         where format('%s.%s', n.nspname, c.relname) = any ($1::text[])
           and (has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
             or has_table_privilege(r.oid, c.oid, 'delete, truncate'))
         order by 1
       ) as reaches
from pg_roles r
where r.rolname = session_user
