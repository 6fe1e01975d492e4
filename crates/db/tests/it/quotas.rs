//! Quotas: the database counts, and refuses with the numbers, whoever writes.

use std::time::Duration;

use colophon_db::{Database, ErrorKind};
use colophon_domain::{NewDocument, Usage, UserId};
use colophon_testkit::{TestDatabase, a_document, as_user};

use crate::system;

async fn set(database: &Database, owner: &str, documents: Option<i64>, bytes: Option<i64>) {
    let tx = system(database).await;
    tx.quotas().set(owner, documents, bytes).await.expect("a quota");
    tx.commit().await.expect("it commits");
}

async fn store(database: &Database, new: &NewDocument) -> colophon_db::Result<()> {
    let owner = new.uploaded_by.parse().expect("a person");
    let tx = database.session(&as_user(owner)).begin().await?;
    tx.documents().insert(new).await?;
    tx.commit().await
}

async fn usage(database: &Database, owner: UserId) -> Usage {
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    tx.quotas().usage(&owner.to_string()).await.expect("numbers")
}

fn sized(owner: UserId, bytes: i64) -> NewDocument {
    let mut new = a_document(owner);
    new.version.file_size_bytes = bytes;
    new
}

#[tokio::test]
async fn documents_and_bytes_are_refused_with_the_numbers() {
    let db = TestDatabase::migrated().await;
    let (database, owner) = (db.database().await, UserId::new());
    set(&database, &owner.to_string(), Some(2), Some(1000)).await;
    store(&database, &sized(owner, 600)).await.expect("there is room");
    let refused = store(&database, &sized(owner, 401)).await.expect_err("too many bytes");
    assert_eq!(*refused.kind(), ErrorKind::QuotaExceeded);
    assert!(refused.to_string().contains("600 of 1000 bytes"), "{refused}");
    let second = sized(owner, 400);
    store(&database, &second).await.expect("there is room to the last byte");
    let refused = store(&database, &sized(owner, 0)).await.expect_err("too many documents");
    assert!(refused.to_string().contains("2 of 2 documents"), "{refused}");
    let full = Usage { documents: 2, bytes: 1000, max_documents: Some(2), max_bytes: Some(1000) };
    assert_eq!(usage(&database, owner).await, full);
    // The trash counts, and what is purged counts no more.
    let tx = system(&database).await;
    tx.documents().trash(second.id).await.expect("in the trash");
    tx.commit().await.expect("it commits");
    assert_eq!(usage(&database, owner).await, full);
    let tx = system(&database).await;
    tx.documents().purge(second.id).await.expect("gone");
    tx.commit().await.expect("it commits");
    assert_eq!(usage(&database, owner).await, Usage { documents: 1, bytes: 600, ..full });
}

#[tokio::test]
async fn ten_at_once_cannot_all_take_the_last_place() {
    let db = TestDatabase::migrated().await;
    let (database, owner) = (db.database().await, UserId::new());
    set(&database, &owner.to_string(), Some(3), None).await;
    let new: Vec<NewDocument> = (0..10).map(|_| sized(owner, 1)).collect();
    let stored = futures_util::future::join_all(new.iter().map(|new| store(&database, new))).await;
    assert_eq!(stored.iter().filter(|stored| stored.is_ok()).count(), 3);
    assert_eq!(usage(&database, owner).await.documents, 3);
}

#[tokio::test]
async fn the_default_holds_for_whoever_has_no_quota_of_their_own() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (common, special) = (UserId::new(), UserId::new());
    set(&database, "*", Some(0), None).await;
    set(&database, &special.to_string(), None, None).await;
    assert!(store(&database, &sized(common, 1)).await.is_err());
    store(&database, &sized(special, 1)).await.expect("without limit");
    // Before a byte is stored, the announcement tells.
    let tx = system(&database).await;
    let new = sized(common, 1);
    let told = tx
        .objects()
        .intend(new.id, &new.version.storage_path, &new.uploaded_by, Duration::from_mins(1))
        .await
        .expect("numbers");
    assert!(told.refuses_documents(1), "{told:?}");
    assert_eq!(tx.quotas().list().await.expect("quotas").len(), 2);
    assert!(tx.quotas().remove("*").await.expect("it goes"));
    tx.commit().await.expect("it commits");
    store(&database, &sized(common, 1)).await.expect("no limit any more");
    // Nobody sees another's numbers.
    let tx = database.session(&as_user(common)).begin().await.expect("a transaction");
    let none = Usage { documents: 0, bytes: 0, max_documents: None, max_bytes: None };
    assert_eq!(tx.quotas().usage(&special.to_string()).await.expect("numbers"), none);
}
