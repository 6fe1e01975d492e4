-- health/open_functions: functions of ours that anybody may call
select p.oid::regprocedure::text as name
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_roles a on a.rolname = 'anon'
where n.nspname = 'colophon' and has_function_privilege(a.oid, p.oid, 'execute')
order by 1
