//! Transactions: whole or not at all, and each in one person's name only.

use colophon_db::{ErrorKind, UserScope};
use colophon_domain::{DocumentFilter, UserId};
use colophon_testkit::{TestDatabase, a_document, as_user, store_document};
use futures_util::FutureExt as _;
use serde_json::json;
use tokio_postgres::error::SqlState;

use crate::system;

#[tokio::test]
async fn an_unfinished_transaction_leaves_nothing_and_the_pool_goes_on() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(1).await;
    let owner = UserId::new();
    for _ in 0..5 {
        let new = a_document(owner);
        let tx = database.session(&as_user(owner)).begin().await.expect("the pool has its connection");
        tx.documents().insert(&new).await.expect("a document");
        drop(tx);
        let found = system(&database).await.documents().get(new.id).await.expect("the pool goes on");
        assert!(found.is_none(), "it was never committed");
    }
    drop(system(&database).await);
    system(&database).await.commit().await.expect("a transaction without statements is none");
}

#[tokio::test]
async fn a_commit_after_a_failed_statement_is_no_success() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(1).await;
    let owner = UserId::new();
    for wake in [false, true] {
        let new = a_document(owner);
        let tx = system(&database).await;
        tx.documents().insert(&new).await.expect("a document");
        let twice = tx.documents().insert(&new).await.expect_err("it is there already");
        assert_eq!(twice.kind(), &ErrorKind::Conflict("documents_pkey".into()));
        let end = if wake { tx.commit_and_wake().await } else { tx.commit().await };
        assert_eq!(end.expect_err("nothing was kept").kind(), &ErrorKind::Bug);
        assert!(system(&database).await.documents().get(new.id).await.expect("read").is_none());
    }
}

#[tokio::test]
async fn a_commit_after_a_statement_that_was_broken_off_is_no_success() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(1).await;
    let new = a_document(UserId::new());
    let tx = system(&database).await;
    tx.documents().insert(&new).await.expect("a document");
    // It would fail, and nobody waits to hear it.
    assert!(tx.documents().insert(&new).now_or_never().is_none(), "an answer takes time");
    assert_eq!(tx.commit().await.expect_err("nobody knows how it ended").kind(), &ErrorKind::Bug);
    assert!(system(&database).await.documents().get(new.id).await.expect("read").is_none());
}

#[tokio::test]
async fn a_commit_that_leaves_with_the_last_statement_keeps_all_of_it_or_nothing() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(1).await;
    let (first, last) = (a_document(UserId::new()), a_document(UserId::new()));
    let read = async |id| system(&database).await.documents().get(id).await.expect("read");
    let tx = system(&database).await;
    tx.documents().insert(&first).await.expect("a document");
    tx.commit_with_next();
    assert!(tx.documents().insert(&first).await.is_err(), "it is there already");
    assert_eq!(tx.commit().await.expect_err("nothing was kept").kind(), &ErrorKind::Bug);
    assert!(read(first.id).await.is_none(), "what went before it went with it");

    let tx = system(&database).await;
    tx.documents().insert(&first).await.expect("a document");
    tx.commit_with_next();
    tx.documents().insert(&last).await.expect("a document");
    drop(tx);
    assert!(read(first.id).await.is_some() && read(last.id).await.is_some(), "it was committed with it");
}

#[tokio::test]
async fn a_snapshot_refuses_writes_and_stands_still() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    store_document(&database, owner).await;
    let snapshot = database.session(&as_user(owner)).begin_snapshot().await.expect("a transaction");
    let count = async || {
        snapshot.documents().list(&DocumentFilter::default(), None, 10).await.expect("a list").items.len()
    };
    assert_eq!(count().await, 1);
    store_document(&database, owner).await;
    assert_eq!(count().await, 1, "what came later is not seen");

    let error = snapshot.documents().insert(&a_document(owner)).await.expect_err("it only reads");
    assert!(error.to_string().contains(SqlState::READ_ONLY_SQL_TRANSACTION.code()), "{error}");
    // Refused as the first statement, too.
    let snapshot = database.session(&as_user(owner)).begin_snapshot().await.expect("a transaction");
    snapshot.documents().insert(&a_document(owner)).await.expect_err("it only reads");
}

#[tokio::test]
async fn the_login_role_may_do_nothing_of_its_own() {
    let db = TestDatabase::migrated().await;
    let client = db.client("authenticator").await;
    let tables = "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'colophon')";
    let tables = client.query(tables, &[]).await.expect("names");
    assert!(tables.len() > 10);
    for row in tables {
        let table: String = row.get(0);
        for sql in [format!("select from {table}"), format!("delete from {table}")] {
            let error = client.batch_execute(&sql).await.expect_err(&sql);
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
        }
    }
}

#[tokio::test]
async fn claims_that_name_nobody_open_nothing() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(1).await;
    let user = UserId::new();
    store_document(&database, user).await;
    for (claims, is_refused) in
        [(json!({}), false), (json!({ "sub": "" }), false), (json!({ "sub": "me" }), true)]
    {
        let scope = UserScope::from_verified_claims(user, &claims);
        let tx = database.session(&scope).begin().await.expect("a transaction");
        let seen = tx.documents().list(&DocumentFilter::default(), None, 10).await;
        assert_eq!(seen.is_err(), is_refused, "{claims}");
        assert!(seen.is_err() || seen.is_ok_and(|list| list.items.is_empty()), "{claims}");
    }
}
