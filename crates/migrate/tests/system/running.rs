//! Forward, back, to a version; and what cannot run in a transaction.

use colophon_migrate::{Error, Event, Options, Standing};
use colophon_testkit::TestDatabase;

use crate::folder::{Folder, ask, versions};

const CONCURRENT: &str = "create index concurrently books_title_idx on public.books (title)";

#[tokio::test]
async fn up_to_and_down_to_stop_at_their_version() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    assert_eq!(migrator.up_to(Some("20260102000000"), &mut |_| {}).await.expect("up"), 2);
    assert_eq!(versions(&client).await, ["20260101000000", "20260102000000"]);
    assert_eq!(migrator.up_to(None, &mut |_| {}).await.expect("up"), 1);
    assert_eq!(migrator.down_to(Some("20260101000000"), &mut |_| {}).await.expect("down"), 2);
    assert_eq!(versions(&client).await, ["20260101000000"]);
    let unknown = migrator.up_to(Some("1"), &mut |_| {}).await.expect_err("there is none");
    assert!(matches!(unknown, Error::Unknown { .. }), "{unknown}");
}

#[tokio::test]
async fn redo_undoes_and_applies_the_last() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    assert!(migrator.redo(&mut |_| {}).await.expect("nothing to redo").is_none());
    migrator.up(|_| {}).await.expect("up");
    client.batch_execute("insert into public.books values (1, 'a', 'b')").await.expect("a row");
    let redone = migrator.redo(&mut |_| {}).await.expect("redo").expect("the last");
    assert_eq!(redone.name, "author");
    assert_eq!(versions(&client).await.len(), 3);
    assert_eq!(ask(&client, "select author is null from public.books").await, "true");
}

#[tokio::test]
async fn each_statement_is_told_with_its_number() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let mut told = Vec::new();
    let mut tell = |event: &Event<'_>| {
        if let Event::Statement { migration, number, of, summary } = event {
            told.push(format!("{} {number}/{of} {summary}", migration.name));
        }
    };
    folder.migrator(&db).await.up_to(None, &mut tell).await.expect("up");
    assert_eq!(told.len(), 4);
    assert!(told[2].starts_with("pages 2/2 create index pages_number_idx on public.pages"), "{told:#?}");
}

#[tokio::test]
async fn a_concurrent_index_runs_alone_and_comes_back() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write("20260104000000_title", CONCURRENT, "drop index concurrently public.books_title_idx");
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    assert_eq!(migrator.up(|_| {}).await.expect("up"), 4);
    assert_eq!(
        ask(&client, "select indisvalid from pg_index where indexrelid = 'public.books_title_idx'::regclass")
            .await,
        "true"
    );
    assert_eq!(migrator.down(None, |_| {}).await.expect("down"), 1);
    assert_eq!(ask(&client, "to_regclass('public.books_title_idx')").await, "");
    assert_eq!(versions(&client).await.len(), 3);
}

#[tokio::test]
async fn an_index_left_invalid_is_found_dropped_and_rebuilt() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    migrator.up(|_| {}).await.expect("up");
    client.batch_execute("insert into public.books values (1, 'same'), (2, 'same')").await.expect("rows");
    let unique = CONCURRENT.replace("create index", "create unique index");
    folder.write("20260104000000_title", &unique, "drop index concurrently public.books_title_idx");
    let migrator = folder.migrator(&db).await;
    let error = migrator.up(|_| {}).await.expect_err("two are the same");
    assert!(matches!(error, Error::Partial { .. }), "{error}");
    let valid = "select indisvalid from pg_index where indexrelid = 'public.books_title_idx'::regclass";
    assert_eq!(ask(&client, valid).await, "false", "what a build that failed leaves");

    client.batch_execute("update public.books set title = 'other' where id = 2").await.expect("a change");
    let mut leftovers = Vec::new();
    let mut tell = |event: &Event<'_>| {
        if let Event::Leftover { what } = event {
            leftovers.push((*what).to_owned());
        }
    };
    assert_eq!(migrator.up_to(None, &mut tell).await.expect("the same command again"), 1);
    assert_eq!(leftovers, ["the invalid index public.books_title_idx"]);
    assert_eq!(ask(&client, valid).await, "true");
}

#[tokio::test]
async fn a_build_that_ended_after_its_program_was_killed_is_only_recorded() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write("20260104000000_title", CONCURRENT, "drop index concurrently public.books_title_idx");
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    migrator.up_to(Some("20260103000000"), &mut |_| {}).await.expect("up");
    // What a run leaves that was killed while the server went on building.
    let checksum = folder.read()[3].checksum();
    let started = format!(
        "insert into colophon_migrations.log (version, name, direction, result, checksum)
         values ('20260104000000', 'title', 'up', 'started', '{checksum}')"
    );
    client.batch_execute(&started).await.expect("a line");
    client.batch_execute(CONCURRENT).await.expect("an index");
    assert_eq!(migrator.up(|_| {}).await.expect("it goes on"), 1);
    assert_eq!(versions(&client).await.len(), 4);
}

#[tokio::test]
async fn somebody_elses_index_of_that_name_is_not_taken_for_ours() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write("20260104000000_title", CONCURRENT, "drop index concurrently public.books_title_idx");
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    migrator.up_to(Some("20260103000000"), &mut |_| {}).await.expect("up");
    client.batch_execute("create index books_title_idx on public.books (id)").await.expect("an obstacle");
    for _ in 0..2 {
        migrator.up(|_| {}).await.expect_err("the name is taken");
        assert_eq!(versions(&client).await.len(), 3);
    }
}

#[tokio::test]
async fn what_must_run_alone_is_refused_in_company_before_anything_runs() {
    let (folder, db) = (Folder::new(), TestDatabase::empty().await);
    folder.write(
        "20260101000000_a",
        &format!("create table public.books (title text); {CONCURRENT};"),
        "select 1",
    );
    let error = folder.migrator(&db).await.up(|_| {}).await.expect_err("not together").to_string();
    assert!(error.contains("alone"), "{error}");
    assert_eq!(ask(&db.client("postgres").await, "to_regclass('public.books')").await, "");
}

#[tokio::test]
async fn what_is_older_than_the_newest_is_applied_only_when_asked_for() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.migrator(&db).await.up(|_| {}).await.expect("up");
    folder.write("20260101120000_late", "create table public.late ()", "drop table public.late");
    let error = folder.migrator(&db).await.up(|_| {}).await.expect_err("it is late");
    assert!(matches!(error, Error::OutOfOrder { .. }) && error.refused(), "{error}");
    let options = Options { include_all: true, ..Options::default() };
    assert_eq!(folder.migrator_with(&db, options).await.up(|_| {}).await.expect("up"), 1);
}

#[tokio::test]
async fn settings_of_one_file_do_not_reach_the_next() {
    let (folder, db) = (Folder::new(), TestDatabase::empty().await);
    folder.write("20260101000000_a", "set search_path = 'pg_catalog'; set work_mem = '1MB'", "select 1");
    folder.write(
        "20260102000000_b",
        "create table seen as select current_setting('work_mem') as mem",
        "drop table seen",
    );
    folder.migrator(&db).await.up(|_| {}).await.expect("up");
    assert_ne!(ask(&db.client("postgres").await, "select mem from public.seen").await, "1MB");
}

#[tokio::test]
async fn a_way_back_that_ended_after_its_program_was_killed_is_gone_to_its_end() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write("20260104000000_title", CONCURRENT, "drop index concurrently public.books_title_idx");
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    migrator.up(|_| {}).await.expect("up");
    let checksum = folder.read()[3].checksum();
    let started = format!(
        "insert into colophon_migrations.log (version, name, direction, result, checksum)
         values ('20260104000000', 'title', 'down', 'started', '{checksum}')"
    );
    client.batch_execute(&started).await.expect("a line");
    client.batch_execute("drop index public.books_title_idx").await.expect("what the server went on to do");
    assert_eq!(migrator.standing().await.expect("a standing"), Standing::Behind(1));
    assert_eq!(migrator.up(|_| {}).await.expect("it is made again"), 1);
    assert_ne!(ask(&client, "to_regclass('public.books_title_idx')").await, "");
}

#[tokio::test]
async fn a_way_back_takes_along_what_a_killed_build_has_left() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write("20260104000000_title", CONCURRENT, "drop index concurrently public.books_title_idx");
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    migrator.up_to(Some("20260103000000"), &mut |_| {}).await.expect("up");
    let checksum = folder.read()[3].checksum();
    let started = format!(
        "insert into colophon_migrations.log (version, name, direction, result, checksum)
         values ('20260104000000', 'title', 'up', 'started', '{checksum}')"
    );
    client.batch_execute(&started).await.expect("a line");
    client.batch_execute(CONCURRENT).await.expect("what the server went on to do");
    migrator.down(None, |_| {}).await.expect("down");
    assert_eq!(ask(&client, "to_regclass('public.books_title_idx')").await, "");
}

#[tokio::test]
async fn a_partition_detached_by_half_is_detached_to_the_end() {
    let (folder, db) = (Folder::new(), TestDatabase::empty().await);
    folder.write(
        "20260101000000_parts",
        "create table public.logs (at int) partition by range (at);
         create table public.logs_1 partition of public.logs for values from (0) to (10);",
        "drop table public.logs",
    );
    folder.write(
        "20260102000000_detach",
        "alter table public.logs detach partition public.logs_1 concurrently",
        "alter table public.logs attach partition public.logs_1 for values from (0) to (10)",
    );
    let options =
        Options { statement_timeout: Some(std::time::Duration::from_millis(200)), ..Options::default() };
    let migrator = folder.migrator_with(&db, options).await;
    migrator.up_to(Some("20260101000000"), &mut |_| {}).await.expect("up");
    let reader = db.client("postgres").await;
    reader.batch_execute("begin; select * from public.logs").await.expect("a long reader");
    let error = migrator.up(|_| {}).await.expect_err("it waits for the reader");
    assert!(matches!(error, Error::Partial { .. }), "{error}");
    reader.batch_execute("commit").await.expect("it leaves");
    assert_eq!(ask(&reader, "select inhdetachpending from pg_inherits").await, "true", "half done");
    assert_eq!(migrator.up(|_| {}).await.expect("the same command again"), 1);
    assert_eq!(ask(&reader, "select count(*) from pg_inherits").await, "0");
}

#[tokio::test]
async fn the_copy_that_a_reindex_left_is_dropped() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.write("20260104000000_again", "reindex table concurrently public.pages", "select 1");
    let options =
        Options { statement_timeout: Some(std::time::Duration::from_millis(200)), ..Options::default() };
    let migrator = folder.migrator_with(&db, options).await;
    migrator.up_to(Some("20260103000000"), &mut |_| {}).await.expect("up");
    let writer = db.client("postgres").await;
    writer
        .batch_execute("begin; lock table public.pages in row exclusive mode")
        .await
        .expect("a long writer");
    migrator.up(|_| {}).await.expect_err("it waits for the writer");
    writer.batch_execute("commit").await.expect("it leaves");
    let invalid = "select count(*) from pg_index where not indisvalid";
    assert_ne!(ask(&writer, invalid).await, "0", "copies are left");
    assert_eq!(migrator.up(|_| {}).await.expect("the same command again"), 1);
    assert_eq!(ask(&writer, invalid).await, "0");
}
