//! Living beside those who use the database, and beside other migrators.

use std::time::Duration;

use colophon_migrate::{Error, Event, Options};
use colophon_testkit::TestDatabase;
use futures_util::future::join_all;

use crate::folder::{Folder, ask, versions};

/// The lock that all migrators share.
const LOCK: i64 = i64::from_be_bytes(*b"colophon");

fn impatient() -> Options {
    Options {
        lock_timeout: Duration::from_millis(50),
        attempts: 3,
        lock_wait: Duration::ZERO,
        ..Options::default()
    }
}

#[tokio::test]
async fn a_table_in_use_is_waited_for_briefly_and_tried_again() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let migrator = folder.migrator_with(&db, impatient()).await;
    migrator.up_to(Some("20260102000000"), &mut |_| {}).await.expect("up");
    let reader = db.client("postgres").await;
    reader.batch_execute("begin; select * from public.books").await.expect("a long reader");
    // The reader goes once it has been seen to be in the way.
    let (seen, mut was_seen) = tokio::sync::mpsc::unbounded_channel();
    let leave = async {
        was_seen.recv().await.expect("a retry");
        reader.batch_execute("commit").await.expect("it leaves");
    };
    let mut tell = |event: &Event<'_>| {
        if let Event::Retry { attempt, .. } = event {
            let _ = seen.send(*attempt);
        }
    };
    let (up, ()) = tokio::join!(migrator.up_to(None, &mut tell), leave);
    assert_eq!(up.expect("it got through"), 1);
}

#[tokio::test]
async fn a_table_that_stays_in_use_leaves_nothing_and_says_so() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let migrator = folder.migrator_with(&db, Options { attempts: 2, ..impatient() }).await;
    migrator.up_to(Some("20260102000000"), &mut |_| {}).await.expect("up");
    let reader = db.client("postgres").await;
    reader.batch_execute("begin; select * from public.books").await.expect("a long reader");
    let error = migrator.up(|_| {}).await.expect_err("it is in use");
    assert!(matches!(error, Error::Busy { attempts: 2, .. }), "{error}");
    assert_eq!(versions(&reader).await.len(), 2);
    let failed = "select result from colophon_migrations.log order by id desc limit 1";
    assert_eq!(ask(&reader, failed).await, "failed");
}

#[tokio::test]
async fn of_eight_at_once_each_file_is_applied_by_one() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let run = async || folder.migrator(&db).await.up(|_| {}).await.expect("nobody is in the way");
    let counts = join_all((0..8).map(|_| run())).await;
    assert_eq!(counts.iter().sum::<usize>(), 3, "{counts:?}");
}

#[tokio::test]
async fn whoever_may_not_wait_is_told_who_holds_the_lock() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let holder = db.client("postgres").await;
    holder.batch_execute("set application_name = 'a colleague'").await.expect("a name");
    holder.query("select pg_advisory_lock($1)", &[&LOCK]).await.expect("the lock");
    let pid = ask(&holder, "pg_backend_pid()").await;
    let error = folder.migrator_with(&db, impatient()).await.up(|_| {}).await.expect_err("it is held");
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    let words = error.to_string();
    assert!(
        words.contains("a colleague") && words.contains(&pid) && words.contains("role postgres"),
        "{words}"
    );
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_where_a_limit_was_set() {
    let (folder, db) = (Folder::new(), TestDatabase::empty().await);
    folder.write("20260101000000_a", "create table public.a (); select pg_sleep(60)", "drop table public.a");
    let options = Options { statement_timeout: Some(Duration::from_millis(50)), ..impatient() };
    let error = folder.migrator_with(&db, options).await.up(|_| {}).await.expect_err("too long").to_string();
    assert!(error.contains("57014"), "{error}");
    assert_eq!(ask(&db.client("postgres").await, "to_regclass('public.a')").await, "");
}
