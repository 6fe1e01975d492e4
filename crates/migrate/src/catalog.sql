-- owner, kind, name and definition of every object that a migration may make; the search path is empty
with schemas as (
  select oid, nspname, nspowner, nspacl,
         nspname not in ('auth', 'storage', 'extensions', 'graphql', 'graphql_public', 'realtime', '_realtime', 'vault',
           'pgbouncer', 'pgsodium', 'pgsodium_masks', 'net', 'cron', 'supabase_functions', 'supabase_migrations',
           'colophon_migrations', 'information_schema') as ours
  from pg_catalog.pg_namespace where nspname !~ '^pg_'
), of_extensions as (
  select classid, objid from pg_catalog.pg_depend where deptype = 'e'
), relations as (
  select c.*, s.nspname, s.ours, format('%I.%I', s.nspname, c.relname) as full_name
  from pg_catalog.pg_class c join schemas s on s.oid = c.relnamespace
  where not exists (select from of_extensions e where e.classid = 'pg_catalog.pg_class'::regclass and e.objid = c.oid)
)
select nspname::text as owner, 'schema' as kind, nspname::text as name,
       'acl ' || array(select a::text from unnest(coalesce(nspacl, acldefault('n', nspowner))) a order by 1)::text as definition
from schemas where ours
union all
select full_name, case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
         when 'f' then 'foreign table' when 'c' then 'type' else 'table' end, full_name,
       format('%s %s %s rls %s force %s acl %s', relkind, relpersistence, reloptions, relrowsecurity, relforcerowsecurity,
         array(select a::text from unnest(coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) a order by 1))
       || case when relkind in ('v', 'm') then ' ' || pg_get_viewdef(oid) else '' end
       || case when relkind = 'p' then ' ' || pg_get_partkeydef(oid) else '' end
       || case when relispartition then ' ' || pg_get_expr(relpartbound, oid) else '' end
from relations where ours and relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
union all
-- Not by position: a column that was dropped and made again stands behind the others, which nobody notices by name.
select r.full_name, 'column', format('%s.%I', r.full_name, a.attname),
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
         'default ' || pg_get_expr(d.adbin, d.adrelid), 'identity ' || nullif(a.attidentity::text, ''),
         'generated ' || nullif(a.attgenerated::text, ''),
         case when a.attcollation <> t.typcollation then 'collate ' || a.attcollation::regcollation::text end,
         'acl ' || array(select x::text from unnest(a.attacl) x order by 1)::text)
from relations r join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
where r.ours and r.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
union all
-- From version 18 on, NOT NULL is a constraint too; the column has said it already.
select r.full_name, 'constraint', format('%I on %s', k.conname, r.full_name),
       pg_get_constraintdef(k.oid) || case when k.convalidated then '' else ' (not validated)' end
from pg_catalog.pg_constraint k join relations r on r.oid = k.conrelid where r.ours and k.contype <> 'n'
union all
select t.full_name, 'index', r.full_name,
       pg_get_indexdef(i.indexrelid) || case when i.indisvalid then '' else ' (invalid)' end
from pg_catalog.pg_index i join relations r on r.oid = i.indexrelid join relations t on t.oid = i.indrelid where r.ours
union all
select format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
       case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
       format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
       case when p.prokind = 'a' then '' else pg_get_functiondef(p.oid) end
       || ' acl ' || array(select a::text from unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a order by 1)::text
from pg_catalog.pg_proc p join schemas s on s.oid = p.pronamespace
where s.ours and not exists (select from of_extensions e where e.classid = 'pg_catalog.pg_proc'::regclass and e.objid = p.oid)
union all
select r.full_name, 'trigger', format('%I on %s', g.tgname, r.full_name), pg_get_triggerdef(g.oid) || ' enabled ' || g.tgenabled::text
from pg_catalog.pg_trigger g join relations r on r.oid = g.tgrelid
join pg_catalog.pg_proc p on p.oid = g.tgfoid join schemas s on s.oid = p.pronamespace
where not g.tgisinternal and s.ours
union all
select r.full_name, 'policy', format('%I on %s', p.polname, r.full_name),
       format('%s %s to %s using %s check %s', p.polpermissive, p.polcmd,
         array(select case when m = 0 then 'public' else m::regrole::text end from unnest(p.polroles) m order by 1),
         pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
from pg_catalog.pg_policy p join relations r on r.oid = p.polrelid where r.ours or r.full_name = 'storage.objects'
union all
select format('%I.%I', s.nspname, t.typname), case t.typtype when 'd' then 'domain' else 'type' end,
       format('%I.%I', s.nspname, t.typname),
       concat_ws(' ', t.typtype::text, case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end,
         array(select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder)::text)
from pg_catalog.pg_type t join schemas s on s.oid = t.typnamespace
where s.ours and t.typtype in ('e', 'd', 'r')
  and not exists (select from of_extensions e where e.classid = 'pg_catalog.pg_type'::regclass and e.objid = t.oid)
union all
select extname::text, 'extension', extname::text, extnamespace::regnamespace::text
from pg_catalog.pg_extension where extname not in ('plpgsql')
order by 1, 2, 3
