//! What the platform's own advisors say of our schema. They must say nothing, and must say something where they should.
//!
//! Allowed is one finding, of the level INFO: an index of an empty database that nobody has used yet.

use std::collections::BTreeSet;
use std::path::PathBuf;

use colophon_testkit::skip;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::hosted::Project;

/// Mistakes that concern exposed schemas, one for each kind of lint.
const MISTAKES: &str = "
    create table public.mistake (a int, token text);
    grant select on public.mistake to anon;
    create view public.peephole as select * from public.documents;
    grant select on public.peephole to authenticated;
    create function public.definer() returns int language sql security definer as 'select 1';
    grant execute on function public.definer() to anon;
    create policy everybody on public.zones for delete to authenticated using (true);
    insert into storage.buckets (id, name, public) values ('open', 'open', true);
    create policy listing on storage.objects for select using (bucket_id = 'open')";

/// Lints that are newer than both tools, in our own words; `(0025)` and so on are the platform's numbers.
const NEWER_LINTS: &str = include_str!("newer_lints.sql");

async fn newer_lints(project: &Project) -> BTreeSet<String> {
    let client = project.client("postgres").await;
    client.query(NEWER_LINTS, &[]).await.expect("an answer").iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn supabase_db_lint_finds_nothing() {
    let project = Project::migrated().await;
    let admin = project.client("supabase_admin").await;
    if admin.batch_execute("create extension plpgsql_check with schema extensions").await.is_err() {
        skip!("no plpgsql_check; apt-get install postgresql-15-plpgsql-check")
    }
    let lint = ["db", "lint", "--schema", "public,colophon", "--level", "warning", "--fail-on", "warning"];
    let Some(ran) = project.cli_does(&lint).await else {
        skip!("no Supabase CLI; npm install supabase, or COLOPHON_SUPABASE_CLI")
    };
    assert!(ran.err.contains("No schema errors found"), "{}{}", ran.out, ran.err);

    let wrong = "create function colophon.wrong() returns int language plpgsql set search_path = '' as
        'declare unused int; begin return nothing_of_this_name; end'";
    project.client("postgres").await.batch_execute(wrong).await.expect("plpgsql looks later");
    let ran = project.cli(&lint).await.expect("it is there");
    assert!(!ran.succeeded && ran.out.contains("nothing_of_this_name"), "{}{}", ran.out, ran.err);
    project.stop().await;
}

#[tokio::test]
async fn the_clis_advisors_find_nothing_also_in_exposed_schemas() {
    let project = Project::migrated().await;
    let advise =
        ["db", "advisors", "--type", "all", "--level", "info", "--fail-on", "warn", "--output", "json"];
    let findings = |text: &str| -> BTreeSet<String> {
        let all: Vec<Value> = serde_json::from_str(text).expect("a list");
        all.iter().map(|finding| finding["name"].as_str().expect("a name").to_owned()).collect()
    };
    let Some(ran) = project.cli_does(&advise).await else {
        skip!("no Supabase CLI; npm install supabase, or COLOPHON_SUPABASE_CLI")
    };
    assert_eq!(findings(&ran.out), BTreeSet::from(["unused_index".to_owned()]));

    project.client("postgres").await.batch_execute(MISTAKES).await.expect("mistakes");
    let ran = project.cli(&advise).await.expect("it is there");
    assert!(!ran.succeeded, "it passes over mistakes: {}", ran.out);
    let found = findings(&ran.out);
    for lint in ["rls_disabled_in_public", "sensitive_columns_exposed", "security_definer_view"] {
        assert!(found.contains(lint), "{lint} is not among {found:?}");
    }
    project.stop().await;
}

#[tokio::test]
async fn the_language_servers_lints_find_nothing_also_in_exposed_schemas() {
    let binary = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/ci-npm/node_modules/.bin/postgres-language-server"
    ));
    if !binary.exists() {
        skip!("no postgres-language-server; npm install @postgres-language-server/cli")
    }
    let project = Project::migrated().await;
    let exposed = "do $$ begin execute format('alter database %I set pgrst.db_schemas = %L', current_database(), 'public'); end $$";
    project.client("supabase_admin").await.batch_execute(exposed).await.expect("a setting");
    let folder = tempfile::tempdir().expect("a folder");
    let config =
        json!({ "db": { "connectionString": project.url().await }, "splinter": { "enabled": true } });
    std::fs::write(folder.path().join("postgres-language-server.jsonc"), config.to_string()).expect("a file");
    let findings = async || -> BTreeSet<String> {
        let ran = Command::new(&binary)
            .args(["dblint", "--max-diagnostics=none", "--reporter=json"])
            .current_dir(folder.path())
            .output()
            .await
            .expect("it runs");
        let report: Value = serde_json::from_slice(&ran.stdout).expect("a report");
        let all = report["diagnostics"].as_array().expect("a list");
        all.iter().map(|finding| finding["category"].as_str().expect("a rule").to_owned()).collect()
    };
    assert_eq!(findings().await, BTreeSet::from(["splinter/performance/unusedIndex".to_owned()]));

    project.client("postgres").await.batch_execute(MISTAKES).await.expect("mistakes");
    let found = findings().await;
    for lint in ["rlsDisabledInPublic", "sensitiveColumnsExposed", "securityDefinerView"] {
        assert!(found.contains(&format!("splinter/security/{lint}")), "{lint} is not among {found:?}");
    }
    project.stop().await;
}

#[tokio::test]
async fn lints_newer_than_the_tools_find_nothing() {
    let project = Project::migrated().await;
    assert_eq!(newer_lints(&project).await, BTreeSet::new());
    project.client("postgres").await.batch_execute(MISTAKES).await.expect("mistakes");
    let found = newer_lints(&project).await;
    for number in ["0024", "0025", "0026", "0028", "0029"] {
        assert!(found.iter().any(|line| line.starts_with(number)), "{number} is not among {found:#?}");
    }
    project.stop().await;
}
