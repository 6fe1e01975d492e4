//! The kit's own promises.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

use std::process::{Command, Output};

use colophon_domain::UserId;
use colophon_testkit::{TestDatabase, as_user, skip, store_document};

async fn is_there(watcher: &TestDatabase, database: &str) -> bool {
    let sql = "select from pg_database where datname = $1";
    let found = watcher.client("supabase_admin").await.query(sql, &[&database]).await;
    !found.expect("a look").is_empty()
}

/// Runs one of these tests in a process of its own.
fn run(test: &str, ci: &str) -> Output {
    let myself = std::env::current_exe().expect("a program");
    let mut command = Command::new(myself);
    command.args(["--exact", test, "--include-ignored"]).env("CI", ci).output().expect("it runs")
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let (one, other) = (TestDatabase::migrated().await, TestDatabase::migrated().await);
    let owner = UserId::new();
    let document = store_document(&one.database().await, owner).await;
    for (db, is_there) in [(&one, true), (&other, false)] {
        let tx = db.database().await.session(&as_user(owner)).begin().await.expect("a transaction");
        assert_eq!(tx.documents().get(document.id).await.expect("read").is_some(), is_there);
    }
}

#[tokio::test]
async fn a_test_that_panics_leaves_no_database_and_a_whole_server() {
    let watcher = TestDatabase::empty().await;
    let (tell, told) = std::sync::mpsc::channel();
    let doomed = tokio::spawn(async move {
        let db = TestDatabase::migrated().await;
        let _busy = db.client("postgres").await;
        tell.send(db.name().to_owned()).expect("somebody listens");
        panic!("as a failing test does");
    });
    assert!(doomed.await.is_err());
    let name = told.recv().expect("it began");
    assert!(!is_there(&watcher, &name).await);
    TestDatabase::migrated().await;
}

#[tokio::test]
async fn what_a_killed_process_left_is_dropped_by_the_next() {
    let watcher = TestDatabase::empty().await;
    let left = "test_0000dead0000_0";
    let admin = watcher.client("supabase_admin").await;
    admin.batch_execute(&format!("create database {left}")).await.expect("as if left behind");
    assert!(run("each_test_has_a_database_of_its_own", "").status.success());
    assert!(!is_there(&watcher, left).await);
    assert!(is_there(&watcher, watcher.name()).await, "what the living use stays");
}

#[tokio::test]
#[ignore = "run by a_skipped_test_says_its_name_and_fails_in_ci"]
async fn it_wants_the_moon() {
    skip!("no {}", "moon");
}

#[test]
fn a_skipped_test_says_its_name_and_fails_in_ci() {
    let output = run("it_wants_the_moon", "");
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.trim(), "skipped: it::it_wants_the_moon (no moon)");
    assert!(!run("it_wants_the_moon", "true").status.success(), "CI skips nothing");
}
