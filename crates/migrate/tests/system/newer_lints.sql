-- what the platform's advisors ask since the tools' last releases, in our own words; one line for each finding
with policies as (
  select format('%I.%I', schemaname, tablename) as relation, policyname::text as name, cmd, roles::text[] as roles,
         qual, with_check
  from pg_policies where schemaname in ('public', 'colophon', 'storage')
), functions as (
  select p.oid, format('%I.%I', n.nspname, p.proname) as name
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' and p.prosecdef
)
-- A policy that lets everybody write.
select format('0024 %s on %s is always true', name, relation) as finding from policies
where cmd <> 'SELECT' and roles && array['public', 'anon', 'authenticated'] and 'true' in (qual, with_check)
union all
-- Objects of a public bucket can be listed by whoever may read its rows.
select format('0025 the bucket %s is public', id) from storage.buckets where public
union all
select format('0025 %s shows rows of a bucket to everybody', name) from policies
where relation = 'storage.objects' and cmd = 'SELECT' and qual not like '%auth.uid()%'
union all
-- With pg_graphql each readable table is in the schema that anybody may ask for. People read theirs by policies, which
-- is what the API is for; the anonymous read nothing at all.
select format('0026 anon may read %s', c.oid::regclass)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('public', 'colophon') and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and has_any_column_privilege('anon', c.oid, 'select')
union all
select '0027 pg_graphql shows every table to whoever signs in' from pg_extension where extname = 'pg_graphql'
union all
-- Functions that run as their owner, in a schema that the Data API exposes.
select format('0028 anon may execute %s as its owner', name) from functions
where has_function_privilege('anon', oid, 'execute')
union all
select format('0029 authenticated may execute %s as its owner', name) from functions
where has_function_privilege('authenticated', oid, 'execute')
order by 1
