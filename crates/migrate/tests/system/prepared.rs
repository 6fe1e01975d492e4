//! A server of one's own: what it lacks is named, and after the script it lacks nothing.

use std::process::Stdio;

use colophon_migrate::{Error, Migration, Migrator, migrations, plain, prepare_script};
use colophon_testkit::{OwnServer, TestDatabase, skip};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::folder::{Folder, ask};

/// Runs a script as somebody who has only psql; `None` where there is none.
async fn psql(url: &str, script: &str) -> Option<()> {
    let mut psql = match Command::new("psql").args(["-qX", "-d", url]).stdin(Stdio::piped()).spawn() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        started => started.expect("it starts"),
    };
    let mut stdin = psql.stdin.take().expect("a pipe");
    stdin.write_all(script.as_bytes()).await.expect("it reads");
    drop(stdin);
    assert!(psql.wait().await.expect("it ends").success());
    Some(())
}

#[tokio::test]
async fn a_bare_server_is_told_what_it_lacks_and_is_ready_after_the_script() {
    let server = OwnServer::start().await;
    let admin = server.client("supabase_admin", "postgres").await;
    let migrator = Migrator::connect(&server.url("supabase_admin", "postgres")).await.expect("it connects");
    let error = migrator.up(|_| {}).await.expect_err("nothing is there");
    assert!(error.refused(), "{error}");
    let told = error.to_string();
    for lacking in ["role authenticated", "role authenticator", "table storage.objects", "--plain | psql"] {
        assert!(told.contains(lacking), "{lacking} is not in: {told}");
    }
    let error = migrator.rehearse(None).await.expect_err("nor is a scratch database possible");
    assert!(matches!(error, Error::Unprepared { .. }), "{error}");
    let made = "select count(*) from pg_namespace where nspname ~ 'migrations'";
    assert_eq!(ask(&admin, made).await, "0", "a refusal leaves nothing behind");

    admin.batch_execute("create database own").await.expect("a database");
    for _ in ["once", "and again"] {
        let Some(()) = psql(&server.url("supabase_admin", "own"), &prepare_script()).await else {
            skip!("no psql")
        };
    }
    let migrator = Migrator::connect(&server.url("postgres", "own")).await.expect("the owner");
    assert_eq!(migrator.up(|_| {}).await.expect("up"), migrations().len());
    assert_eq!(migrator.drift().await.expect("a comparison"), []);
    server.stop().await;
}

#[tokio::test]
async fn only_what_the_pending_files_name_is_asked_for() {
    let db = TestDatabase::empty().await;
    db.client("supabase_admin").await.batch_execute("drop schema storage cascade").await.expect("gone");
    let migrator = Migrator::connect(&db.url("postgres")).await.expect("it connects");
    let without = |m: &Migration| !m.up.contains("storage.objects");
    let (may, may_not): (Vec<_>, Vec<_>) = migrations().into_iter().partition(without);
    let (may, first) = (may.len(), may_not.first().expect("one names it").version);
    let before = migrations().iter().rev().find(|m| m.version < first).expect("some before it").version;

    let error = migrator.up(|_| {}).await.expect_err("the last one names it").to_string();
    assert!(
        error.contains("(function storage.foldername, table storage.buckets, table storage.objects)"),
        "{error}"
    );
    assert!(migrator.up_to(Some(before), &mut |_| {}).await.expect("those before it") <= may);
    // As a private instance does on its first start with a newer program.
    let admin = db.client("supabase_admin").await;
    for (file, sql) in &plain()[1..] {
        admin.batch_execute(sql).await.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    migrator.up(|_| {}).await.expect("the rest");
    assert_eq!(migrator.drift().await.expect("a comparison"), []);
}

#[tokio::test]
async fn what_a_storage_server_has_made_is_left_alone() {
    let db = TestDatabase::empty().await;
    let admin = db.client("supabase_admin").await;
    let theirs =
        "create table storage.migrations (id int); drop trigger protect_objects_delete on storage.objects";
    admin.batch_execute(theirs).await.expect("another's work");
    for (file, sql) in &plain()[1..] {
        admin.batch_execute(sql).await.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let again = "select count(*) from pg_trigger where tgname = 'protect_objects_delete'";
    assert_eq!(ask(&admin, again).await, "0");
}

#[tokio::test]
async fn whoever_may_not_look_into_the_platforms_schemas_may_still_apply_his_own_files() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let closed =
        "revoke all on schema auth, storage from postgres; alter schema storage owner to supabase_admin";
    db.client("supabase_admin").await.batch_execute(closed).await.expect("closed");
    assert_eq!(folder.migrator(&db).await.up(|_| {}).await.expect("up"), 3);
}
