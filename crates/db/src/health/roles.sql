-- health/roles: these roles, whether they are there, and whether the login role may take them
-- PostgreSQL 16 parts being a member from being allowed to take the role; 15 does not know that word.
select wanted.name,
       r.oid is not null as there,
       coalesce(r.rolsuper, false) as superuser,
       coalesce(r.rolbypassrls, false) as bypasses_rls,
       case
         when r.oid is null then false
         when current_setting('server_version_num')::int4 >= 160000 then pg_has_role(session_user, r.oid, 'set')
         else pg_has_role(session_user, r.oid, 'member')
       end as takeable
from unnest($1::text[]) as wanted (name)
left join pg_roles r on r.rolname = wanted.name
