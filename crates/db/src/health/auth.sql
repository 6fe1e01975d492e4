-- health/auth: whether the function is there that tells policies who asks, and whether people may call it
select p.oid is not null as there,
       coalesce(p.prorettype = 'uuid'::regtype, false) as is_uuid,
       coalesce(
         has_schema_privilege(a.oid, n.oid, 'usage') and has_function_privilege(a.oid, p.oid, 'execute'), false
       ) as callable
from (select 1) as one
left join pg_roles a on a.rolname = 'authenticated'
left join pg_namespace n on n.nspname = 'auth'
left join pg_proc p on p.pronamespace = n.oid and p.proname = 'uid' and p.pronargs = 0
