//! Rules that every object of the schema keeps, also the one that is added tomorrow.

use colophon_testkit::TestDatabase;

/// What breaks the rule, one line each: none may.
async fn nothing_breaks(rule: &str, query: &str) {
    let db = TestDatabase::migrated().await;
    let rows =
        db.client("postgres").await.query(query, &[]).await.unwrap_or_else(|e| panic!("{rule}: {e:?}"));
    let broken: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(broken.is_empty(), "{rule}: {broken:#?}");
}

#[tokio::test]
async fn every_foreign_key_has_an_index_that_begins_with_its_columns() {
    nothing_breaks(
        "no index",
        "select format('%s of %s', k.conname, k.conrelid::regclass) from pg_constraint k
         where k.contype = 'f' and not exists (
           select from pg_index i
           where i.indrelid = k.conrelid and i.indisvalid
             -- A key that may be null needs no entries of nulls.
             and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) = '(parent_id IS NOT NULL)')
             and k.conkey <@ (i.indkey::int2[])[0:cardinality(k.conkey) - 1])",
    )
    .await;
}

#[tokio::test]
async fn every_table_has_row_level_security() {
    nothing_breaks(
        "rows are open",
        "select c.oid::regclass::text from pg_class c
         where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'colophon'::regnamespace)
           and not c.relrowsecurity",
    )
    .await;
}

#[tokio::test]
async fn every_table_says_who_may_read_it_or_is_a_known_exception() {
    // Nobody but the platform looks into the live queue: what a person may know stands in processing_jobs.
    nothing_breaks(
        "no policy for select",
        "select c.oid::regclass::text from pg_class c
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname <> 'job_queue'
           and not exists (select from pg_policy p where p.polrelid = c.oid and p.polcmd = 'r')",
    )
    .await;
}

#[tokio::test]
async fn every_policy_names_a_role_and_one_command_and_there_is_one_for_each() {
    nothing_breaks(
        "too wide, or two that add up",
        "select format('%s on %s', policyname, tablename) from pg_policies
         where schemaname in ('public', 'colophon', 'storage')
           and (roles = '{public}' or cmd = 'ALL' or permissive <> 'PERMISSIVE')
         union all
         select format('%s policies for %s on %s', count(*), cmd, tablename) from pg_policies, unnest(roles) role
         where schemaname in ('public', 'colophon', 'storage') group by cmd, tablename, role having count(*) > 1",
    )
    .await;
}

#[tokio::test]
async fn policies_ask_for_the_person_once_for_a_statement() {
    // auth.uid() bare is called for each row; (select auth.uid()) once.
    nothing_breaks(
        "called for each row",
        "select format('%s on %s', policyname, tablename) from pg_policies
         where schemaname in ('public', 'colophon', 'storage')
           and replace(coalesce(qual, '') || coalesce(with_check, ''), 'SELECT auth.uid()', '') ~ 'auth\\.'",
    )
    .await;
}

#[tokio::test]
async fn the_platform_may_do_everything_with_every_table_and_anonymous_nothing() {
    // What others did with a document, and what was done to its zones, is written by functions alone, and stays as it
    // was written.
    nothing_breaks(
        "grants",
        "select format('%s: %s', c.oid::regclass, verb) from pg_class c, unnest('{select,insert,update,delete}'::text[]) verb
         where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'colophon'::regnamespace)
           and (not has_table_privilege('service_role', c.oid, verb)
               and not (c.relname in ('document_accesses', 'document_changes', 'zone_history') and verb <> 'select')
               and not (c.relname = 'zone_confidence_history' and verb in ('update', 'delete')) or has_table_privilege('anon', c.oid, verb)
             or has_table_privilege('authenticator', c.oid, verb))",
    )
    .await;
}

#[tokio::test]
async fn every_child_begins_its_primary_key_with_the_document() {
    // job_queue with its settings, and metadata_schemas stay ordinary tables when the others are distributed by document.
    nothing_breaks(
        "primary key",
        "select k.conrelid::regclass::text from pg_constraint k join pg_class c on c.oid = k.conrelid
         join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
         where k.contype = 'p' and c.relnamespace = 'public'::regnamespace
           and c.relname not in ('documents', 'job_queue', 'metadata_schemas', 'job_limits', 'paused_queues') and a.attname <> 'document_id'
         union all
         select format('%s has none', c.oid::regclass) from pg_class c
         where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'colophon'::regnamespace)
           and not exists (select from pg_constraint k where k.conrelid = c.oid and k.contype = 'p')",
    )
    .await;
}

#[tokio::test]
async fn every_foreign_key_between_children_contains_the_document_and_cascades() {
    // A zone that has parts is not deleted with them unseen.
    nothing_breaks(
        "foreign key",
        "select k.conname::text from pg_constraint k
         where k.contype = 'f' and k.connamespace <> 'storage'::regnamespace
           and (k.confdeltype <> 'c' and k.conname <> 'zones_parent_id_fkey' or k.condeferrable or not exists (
           select from pg_attribute a
           where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.attname = 'document_id'))",
    )
    .await;
}

#[tokio::test]
async fn every_function_fixes_its_search_path_and_is_closed_to_the_public() {
    nothing_breaks(
        "function",
        "select p.oid::regprocedure::text from pg_proc p
         where p.pronamespace in ('public'::regnamespace, 'colophon'::regnamespace)
           and (not exists (select from unnest(p.proconfig) s where s = 'search_path=\"\"')
             or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0))",
    )
    .await;
}

#[tokio::test]
async fn no_function_that_borrows_rights_is_where_the_data_api_can_call_it() {
    nothing_breaks(
        "definer in public",
        "select p.oid::regprocedure::text from pg_proc p
         where p.prosecdef and p.pronamespace = 'public'::regnamespace",
    )
    .await;
}

#[tokio::test]
async fn there_are_no_enum_types() {
    nothing_breaks("enum", "select t.oid::regtype::text from pg_type t where t.typtype = 'e'").await;
}

#[tokio::test]
async fn no_two_indexes_begin_alike() {
    // An index whose columns another one begins with costs every write and helps no read.
    nothing_breaks(
        "redundant",
        "select format('%s by %s', a.indexrelid::regclass, b.indexrelid::regclass)
         from pg_index a join pg_index b on a.indrelid = b.indrelid and a.indexrelid <> b.indexrelid
         join pg_class c on c.oid = a.indrelid
         where c.relnamespace in ('public'::regnamespace, 'colophon'::regnamespace)
           and not a.indisunique and a.indpred is null and b.indpred is null and a.indexprs is null and b.indexprs is null
           and a.indkey::int2[] = (b.indkey::int2[])[0:a.indnkeyatts - 1]
           and a.indoption::int2[] = (b.indoption::int2[])[0:a.indnkeyatts - 1]",
    )
    .await;
}

#[tokio::test]
async fn every_check_is_named_by_its_table_and_meaning() {
    nothing_breaks(
        "name",
        "select conname::text from pg_constraint k
         where contype = 'c' and connamespace in ('public'::regnamespace, 'colophon'::regnamespace)
           and conname not like (select relname from pg_class where oid = conrelid) || '\\_%\\_check'",
    )
    .await;
}
