//! What is remembered, and who may change it.

use colophon_migrate::{Error, Options, Standing, statements};
use colophon_testkit::TestDatabase;

use crate::folder::{Folder, ask, versions};

#[tokio::test]
async fn statements_and_names_are_stored_with_the_migration() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.migrator(&db).await.up(|_| {}).await.expect("up");
    let client = db.client("postgres").await;
    let sql = "select name, statements from supabase_migrations.schema_migrations order by version";
    let rows = client.query(sql, &[]).await.expect("rows");
    for (row, m) in rows.iter().zip(folder.read()) {
        assert_eq!(row.get::<_, String>(0), m.name);
        let expected: Vec<String> = statements(m.up).into_iter().map(|s| s.text).collect();
        assert_eq!(row.get::<_, Vec<String>>(1), expected);
    }
    assert!(rows[0].get::<_, Vec<String>>(1)[0].starts_with("-- Books.\ncreate table"), "comments are kept");
}

#[tokio::test]
async fn the_log_says_who_where_how_long_and_outlives_the_way_back() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let options = Options { host: "a machine".into(), ..Options::default() };
    let migrator = folder.migrator_with(&db, options).await;
    migrator.up(|_| {}).await.expect("up");
    migrator.down(Some("0"), |_| {}).await.expect("down");
    let log = migrator.history().await.expect("a log");
    let deeds: Vec<String> = log.iter().map(|e| format!("{} {} {}", e.direction, e.name, e.result)).collect();
    assert_eq!(
        deeds,
        [
            "up books done",
            "up pages done",
            "up author done",
            "down author done",
            "down pages done",
            "down books done"
        ]
    );
    assert!(log.iter().all(|e| e.who == "postgres" && e.host.as_deref() == Some("a machine")));
    assert!(
        log.iter().all(|e| e.duration_ms.is_some() && e.checksum.as_deref().is_some_and(|c| c.len() == 64))
    );
    assert!(log.iter().all(|e| e.program.as_deref().is_some_and(|p| p.starts_with("colophon "))));
}

#[tokio::test]
async fn the_log_only_grows() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.migrator(&db).await.up(|_| {}).await.expect("up");
    let client = db.client("postgres").await;
    for sql in [
        "delete from colophon_migrations.log",
        "update colophon_migrations.log set who = 'nobody'",
        "truncate colophon_migrations.log",
    ] {
        client.batch_execute(sql).await.expect_err(sql);
    }
    assert_eq!(ask(&client, "select count(*) from colophon_migrations.log").await, "3");
}

#[tokio::test]
async fn without_the_log_everything_can_still_be_read_and_done() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let migrator = folder.migrator(&db).await;
    migrator.up(|_| {}).await.expect("up");
    let client = db.client("postgres").await;
    client.batch_execute("drop schema colophon_migrations cascade").await.expect("it is gone");
    assert_eq!(migrator.standing().await.expect("it can be read"), Standing::Current);
    assert!(migrator.status().await.expect("it can be read").iter().all(|s| s.applied && !s.edited));
    assert!(migrator.history().await.expect("it can be read").is_empty());
    assert!(migrator.validate().await.expect("it can be read").is_empty());
    migrator.redo(&mut |_| {}).await.expect("it can be done");
    assert_eq!(migrator.history().await.expect("a new log").len(), 2);
}

#[tokio::test]
async fn an_edited_file_stops_everything_until_it_is_vouched_for() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    folder.migrator(&db).await.up_to(Some("20260102000000"), &mut |_| {}).await.expect("up");
    folder.write(
        "20260101000000_books",
        "create table public.books (id bigint);",
        "drop table public.books;",
    );
    let migrator = folder.migrator(&db).await;
    let error = migrator.up(|_| {}).await.expect_err("it was edited");
    assert!(matches!(error, Error::Edited { .. }) && error.refused(), "{error}");
    assert!(migrator.status().await.expect("a status")[0].edited);
    let problems = migrator.validate().await.expect("problems");
    assert_eq!((problems[0].code, problems.len()), ("edited", 1), "{problems:#?}");
    migrator.repair(&["20260101000000"], true).await.expect("a repair");
    assert!(migrator.validate().await.expect("problems").is_empty());
    assert_eq!(migrator.up(|_| {}).await.expect("up"), 1);
}

#[tokio::test]
async fn a_database_made_by_hand_is_adopted_by_a_baseline() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let client = db.client("postgres").await;
    for m in &folder.read()[..2] {
        client.batch_execute(m.up).await.expect("by hand");
    }
    let migrator = folder.migrator(&db).await;
    assert_eq!(migrator.baseline("20260102000000").await.expect("a baseline"), 2);
    assert_eq!(migrator.standing().await.expect("a standing"), Standing::Behind(1));
    assert_eq!(migrator.up(|_| {}).await.expect("up"), 1);
    assert!(migrator.drift().await.expect("a comparison").is_empty());
    assert_eq!(migrator.current().await.expect("it can be read").expect("one").version, "20260103000000");
}

#[tokio::test]
async fn repair_says_applied_and_reverted_without_running_anything() {
    let (folder, db) = (Folder::of_three(), TestDatabase::empty().await);
    let (migrator, client) = (folder.migrator(&db).await, db.client("postgres").await);
    migrator.repair(&["20260101000000", "20260103000000"], true).await.expect("a repair");
    assert_eq!(versions(&client).await, ["20260101000000", "20260103000000"]);
    assert_eq!(ask(&client, "to_regclass('public.books')").await, "");
    // What no file knows can be forgotten, but not vouched for.
    client
        .batch_execute(
            "insert into supabase_migrations.schema_migrations (version) values ('19990101000000')",
        )
        .await
        .expect("a stranger");
    assert!(matches!(migrator.repair(&["19990101000000"], true).await, Err(Error::Unknown { .. })));
    migrator.repair(&["19990101000000", "20260103000000"], false).await.expect("a repair");
    assert_eq!(versions(&client).await, ["20260101000000"]);
}
