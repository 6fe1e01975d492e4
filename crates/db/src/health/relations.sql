-- health/relations: tables and views of public and colophon, but those of extensions: protection, and who may do what
with verbs as (
  select unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) as verb
), granted as (
  select c.oid, r.rolname, array_agg(v.verb order by v.verb) as verbs
  from pg_class c, verbs v, pg_roles r
  where r.rolname in ('anon', 'authenticated', 'service_role')
    and c.relnamespace in (select oid from pg_namespace where nspname in ('public', 'colophon'))
    and c.relkind in ('r', 'p', 'v', 'm')
    and case
      when v.verb in ('delete', 'truncate', 'trigger') then has_table_privilege(r.oid, c.oid, v.verb)
      else has_any_column_privilege(r.oid, c.oid, v.verb)
    end
  group by c.oid, r.rolname
)
select format('%s.%s', n.nspname, c.relname) as name,
       c.relkind in ('r', 'p') as is_table,
       c.relrowsecurity as row_security,
       exists (select from pg_policy p where p.polrelid = c.oid) as has_policies,
       coalesce((select g.verbs from granted g where g.oid = c.oid and g.rolname = 'anon'), '{}') as anon,
       coalesce((select g.verbs from granted g where g.oid = c.oid and g.rolname = 'authenticated'), '{}') as authenticated,
       coalesce((select g.verbs from granted g where g.oid = c.oid and g.rolname = 'service_role'), '{}') as service_role
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'colophon')
  and c.relkind in ('r', 'p', 'v', 'm')
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by 1
