//! The pgTAP files of `supabase/tests`, as `supabase test db` runs them: each in a database of its own, by psql.
//!
//! What is *not* here: no `pg_prove`; the protocol is three kinds of lines, and psql is wanted anyway.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

use std::path::{Path, PathBuf};
use std::process::Command;

use colophon_testkit::{TestDatabase, skip};

/// Every file, or those whose name contains `COLOPHON_PGTAP`.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../supabase/tests");
    let wanted = std::env::var("COLOPHON_PGTAP").unwrap_or_default();
    let entries = std::fs::read_dir(folder).expect("the folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|file| {
        file.extension().is_some_and(|extension| extension == "sql")
            && file.file_name().is_some_and(|name| name.to_string_lossy().contains(&wanted))
    });
    files.sort();
    files
}

/// What is wrong with a run, in its own words; empty where every test of the plan passed.
fn problems(output: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut planned, mut run) = (None, 0);
    let mut lines = output.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(count) = line.strip_prefix("1..") {
            planned = count.parse::<usize>().ok();
        }
        let failed = line.starts_with("not ok ");
        run += usize::from(failed || line.starts_with("ok "));
        if failed && !line.contains("# TODO") {
            // Why, in the comments behind it.
            let mut why = line.to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with('#')) {
                why = format!("{why}\n  {more}");
            }
            found.push(why);
        }
    }
    match planned {
        None => found.push("there is no plan: `select plan(n)` comes first".to_owned()),
        Some(planned) if planned != run => {
            found.push(format!("{planned} tests were planned, and {run} were run"));
        }
        Some(_) => {}
    }
    found
}

#[tokio::test]
async fn every_pgtap_file_passes_and_keeps_its_plan() {
    let files = files();
    assert!(!files.is_empty(), "no such file in supabase/tests");
    let mut failures = Vec::new();
    for file in files {
        let db = TestDatabase::migrated().await;
        let admin = db.client("supabase_admin").await;
        // As the CLI does, on what a project has already.
        let extension = "create schema if not exists extensions;
            grant usage on schema extensions to postgres, anon, authenticated, service_role;
            create extension if not exists pgtap with schema extensions";
        if admin.batch_execute(extension).await.is_err() {
            skip!("no pgTAP; apt-get install postgresql-15-pgtap");
        }
        let psql = Command::new("psql")
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &db.url("postgres"), "-f"])
            .arg(&file)
            .env("PGOPTIONS", "-c search_path=public,extensions")
            .output();
        let Ok(ran) = psql else { skip!("no psql") };
        let mut found = problems(&String::from_utf8_lossy(&ran.stdout));
        if !ran.status.success() {
            found.push(String::from_utf8_lossy(&ran.stderr).into_owned());
        }
        failures.extend(found.into_iter().map(|problem| format!("{}: {problem}", file.display())));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_run_that_did_not_do_what_it_planned_is_no_success() {
    assert_eq!(problems("1..2\nok 1 - a\nok 2 - b\n"), Vec::<String>::new());
    assert_eq!(problems("1..1\nnot ok 1 - a # TODO later\n"), Vec::<String>::new());
    assert_eq!(
        problems("1..2\nok 1 - a\nnot ok 2 - b\n# Failed test 2\n"),
        ["not ok 2 - b\n  # Failed test 2"]
    );
    assert_eq!(problems("1..2\nok 1 - a\n"), ["2 tests were planned, and 1 were run"]);
    assert_eq!(problems("ok 1 - a\n").len(), 1);
    assert_eq!(problems("").len(), 1);
}
