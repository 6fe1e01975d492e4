//! The ledger of the store: every object is announced, stored by the row that names it, released when that row goes.

use std::time::Duration;

use colophon_db::{Database, ErrorKind};
use colophon_domain::{Document, DocumentId, NewDocument, UserId};
use colophon_testkit::{TestDatabase, a_document, as_user, store_document};
use tokio_postgres::Client;

use crate::system;

/// State of each object of a document, by its path.
async fn ledger(postgres: &Client, document: DocumentId) -> Vec<(String, String)> {
    let sql = "select storage_path, state from colophon.objects where document_id = $1 order by 1";
    let rows = postgres.query(sql, &[&document.0]).await.expect("a ledger");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn store(database: &Database, new: &NewDocument) -> colophon_db::Result<Document> {
    let owner = new.uploaded_by.parse().expect("a person");
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let document = tx.documents().insert(new).await?;
    tx.commit().await.map(|()| document)
}

async fn purge(database: &Database, document: DocumentId) {
    let tx = system(database).await;
    tx.documents().purge(document).await.expect("it goes");
    tx.commit().await.expect("it commits");
}

#[tokio::test]
async fn an_object_is_announced_stored_by_its_row_and_released_with_it() {
    let db = TestDatabase::migrated().await;
    let (database, postgres) = (db.database().await, db.client("postgres").await);
    let new = a_document(UserId::new());
    let path = new.version.storage_path.clone();
    let tx = system(&database).await;
    tx.objects()
        .intend(new.id, &path, &new.uploaded_by, Duration::from_mins(5))
        .await
        .expect("it is announced");
    tx.commit().await.expect("it commits");
    assert_eq!(ledger(&postgres, new.id).await, [(path.clone(), "intended".to_owned())]);
    store(&database, &new).await.expect("it is stored");
    assert_eq!(ledger(&postgres, new.id).await, [(path.clone(), "stored".to_owned())]);
    purge(&database, new.id).await;
    assert_eq!(ledger(&postgres, new.id).await, [(path, "released".to_owned())]);
}

#[tokio::test]
async fn what_a_client_of_the_platform_wrote_itself_is_in_the_ledger_too() {
    let db = TestDatabase::migrated().await;
    let (database, postgres) = (db.database().await, db.client("postgres").await);
    let new = a_document(UserId::new());
    store(&database, &new).await.expect("it is stored");
    assert_eq!(ledger(&postgres, new.id).await, [(new.version.storage_path, "stored".to_owned())]);
}

#[tokio::test]
async fn an_object_that_two_documents_use_goes_with_the_second() {
    let db = TestDatabase::migrated().await;
    let (database, postgres) = (db.database().await, db.client("postgres").await);
    let owner = UserId::new();
    let first = a_document(owner);
    let mut second = a_document(owner);
    second.version.storage_path.clone_from(&first.version.storage_path);
    store(&database, &first).await.expect("the first");
    store(&database, &second).await.expect("the second uses its object");
    purge(&database, first.id).await;
    let released = "select count(*) from colophon.objects o where o.storage_path = $1
        and not exists (select from colophon.objects u where u.storage_path = $1 and u.state = 'stored')";
    let nobody_uses =
        async || postgres.query_one(released, &[&first.version.storage_path]).await.unwrap().get::<_, i64>(0);
    assert_eq!(nobody_uses().await, 0, "the second still uses it");
    purge(&database, second.id).await;
    assert_eq!(nobody_uses().await, 2);
    // Nobody can take up again what is to be deleted.
    let third = NewDocument { version: first.version.clone(), ..a_document(owner) };
    let refused = store(&database, &third).await.expect_err("it is being deleted");
    assert_eq!(*refused.kind(), ErrorKind::Invalid("document_versions_storage_path_check".into()));
}

#[tokio::test]
async fn nobody_uses_the_object_of_another_owner_by_naming_it() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let theirs = store_document(&database, UserId::new()).await;
    let mut mine = a_document(UserId::new());
    mine.version.storage_path = theirs.storage_path.clone().expect("a path");
    let refused = store(&database, &mine).await.expect_err("it is another's");
    assert_eq!(*refused.kind(), ErrorKind::Invalid("document_versions_storage_path_check".into()));
    // Nor by a folder of one's own name in front.
    mine.version.storage_path = format!("{}/{}/x.pdf", mine.uploaded_by, theirs.id);
    let refused = store(&database, &mine).await.expect_err("there is no such object");
    assert_eq!(*refused.kind(), ErrorKind::Invalid("document_versions_storage_path_check".into()));
}

#[tokio::test]
async fn what_was_given_up_is_neither_renewed_nor_stored() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let new = a_document(UserId::new());
    let path = new.version.storage_path.clone();
    let tx = system(&database).await;
    let minute = Duration::from_mins(1);
    tx.objects().intend(new.id, &path, &new.uploaded_by, minute).await.expect("it is announced");
    tx.objects().renew(new.id, &path, minute).await.expect("it is renewed");
    tx.objects().forget(new.id, &path).await.expect("it is forgotten");
    let renewed = tx.objects().renew(new.id, &path, minute).await.expect_err("it was given up");
    assert_eq!(*renewed.kind(), ErrorKind::Stale);
}

#[tokio::test]
async fn an_export_holds_its_files_until_its_document_goes() {
    let db = TestDatabase::migrated().await;
    let (database, postgres) = (db.database().await, db.client("postgres").await);
    let document = store_document(&database, UserId::new()).await;
    let path = format!("{}/{}/exports/x.json", document.uploaded_by.clone().expect("an owner"), document.id);
    let sql = "insert into public.export_records (document_id, export_type, formats, file_paths)
        values ($1, 'full', '{json}', jsonb_build_array(
          jsonb_build_object('storage_path', $2::text, 'size_bytes', 7, 'sha256', repeat('cd', 32)),
          jsonb_build_object('storage_path', 'elsewhere', 'size_bytes', 'many')))";
    postgres.execute(sql, &[&document.id.0, &path]).await.expect("an export");
    // What has another form is another program's, and none of ours.
    let states = ledger(&postgres, document.id).await;
    assert_eq!(states.len(), 2);
    assert!(states.contains(&(path, "stored".to_owned())), "{states:?}");
    purge(&database, document.id).await;
    assert!(ledger(&postgres, document.id).await.iter().all(|(_, state)| state == "released"));
}
