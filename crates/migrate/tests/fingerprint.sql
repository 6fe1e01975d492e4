-- every object of ours, with all that a migration may say about it, one line each
with ours as (
  select oid, nspname from pg_namespace where nspname in ('public', 'colophon')
), relations as (
  select c.*, n.nspname from pg_class c join ours n on n.oid = c.relnamespace
)
select line from (
  select format('schema %s acl %s', nspname, array(select a::text from unnest(coalesce(nspacl, acldefault('n', nspowner))) a order by 1)) as line from pg_namespace where nspname in ('colophon')
  union all
  select format('table %s.%s %s %s %s rls %s force %s acl %s', nspname, relname, relkind, relpersistence, reloptions,
                relrowsecurity, relforcerowsecurity,
                array(select a::text from unnest(coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))) a order by 1))
  from relations where relkind <> 'i'
  union all
  select format('column %s.%s.%s %s %s not null %s default %s collation %s acl %s', r.nspname, r.relname, a.attnum,
                a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                a.attcollation::regcollation, a.attacl)
  from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
  where r.relkind <> 'i'
  union all
  select format('constraint %s on %s %s validated %s', conname, conrelid::regclass, pg_get_constraintdef(k.oid), convalidated)
  from pg_constraint k join ours n on n.oid = k.connamespace
  union all
  select format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
  from pg_index i join relations r on r.oid = i.indexrelid
  union all
  select format('function %s acl %s', pg_get_functiondef(p.oid),
                array(select a::text from unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a order by 1)) from pg_proc p join ours n on n.oid = p.pronamespace
  union all
  select format('trigger %s enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
  from pg_trigger t join relations r on r.oid = t.tgrelid where not t.tgisinternal
  union all
  select format('policy %s on %s.%s %s %s to %s using %s check %s', policyname, schemaname, tablename, permissive, cmd,
                roles, qual, with_check)
  from pg_policies where schemaname in ('public', 'colophon', 'storage')
  union all
  select format('type %s.%s %s', n.nspname, t.typname, t.typtype)
  from pg_type t join ours n on n.oid = t.typnamespace where t.typtype <> 'c' and t.typelem = 0
) everything
order by line
