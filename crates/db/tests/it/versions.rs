//! Versions: each with its own zones and jobs; the document says what its current version says.

use colophon_db::{Database, ErrorKind};
use colophon_domain::{Document, DocumentId, NewJob, Strategy, UserId, Version, ZoneFilter};
use colophon_testkit::{TestDatabase, a_document, a_job, a_zone, as_user, store_document};

use crate::jobs::{classes, look};
use crate::system;

/// A committed new version of a document, made current.
async fn add_version(
    database: &Database,
    document: &Document,
    change: impl FnOnce(&mut Version),
) -> Document {
    let owner: UserId = document.uploaded_by.as_deref().expect("an owner").parse().expect("a person");
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let mut version = a_document(owner).version;
    version.version = tx.documents().lock_to_edit(document.id).await.expect("a number");
    version.storage_path = format!("{owner}/{}/{}.pdf", document.id, version.version);
    version.sha256 = "cd".repeat(32);
    version.file_size_bytes = 99;
    version.reason = Some("scanned again".into());
    change(&mut version);
    tx.versions().insert(document.id, &version).await.expect("a version");
    let changed = tx.documents().make_current(document.id, version.version).await.expect("it is current");
    tx.commit().await.expect("it commits");
    changed
}

async fn zone_indexes(database: &Database, document: DocumentId, version: Option<i32>) -> Vec<i32> {
    let tx = system(database).await;
    let filter = ZoneFilter { version, ..ZoneFilter::default() };
    let zones = tx.zones().list(document, &filter, -1, 100).await.expect("zones");
    zones.iter().map(|zone| zone.zone_index).collect()
}

async fn put_zones(database: &Database, document: DocumentId, version: i32, count: i32) {
    let tx = system(database).await;
    let zones: Vec<_> = (0..count).map(|index| a_zone(1, index)).collect();
    tx.zones().replace_pages(document, version, Strategy::TextLayer, &[1], &zones).await.expect("zones");
    tx.commit().await.expect("it commits");
}

#[tokio::test]
async fn a_new_version_keeps_the_old_one_with_its_zones() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await;
    put_zones(&database, document.id, 1, 3).await;
    let changed = add_version(&database, &document, |_| ()).await;
    assert_eq!((changed.version, changed.file_size_bytes), (2, 99));
    assert_eq!(changed.sha256, Some("cd".repeat(32)));
    assert_eq!(changed.revision, document.revision + 1);
    assert!(zone_indexes(&database, document.id, None).await.is_empty(), "the new one has none yet");
    put_zones(&database, document.id, 2, 2).await;
    assert_eq!(zone_indexes(&database, document.id, None).await, [0, 1]);
    assert_eq!(zone_indexes(&database, document.id, Some(1)).await, [0, 1, 2]);
    // And back.
    let tx = system(&database).await;
    let back = tx.documents().make_current(document.id, 1).await.expect("it is there");
    tx.commit().await.expect("it commits");
    assert_eq!((back.version, back.sha256, back.storage_path), (1, document.sha256, document.storage_path));
    assert_eq!(zone_indexes(&database, document.id, None).await, [0, 1, 2]);
    let versions = system(&database).await.versions().list(document.id).await.expect("versions");
    assert_eq!(versions.iter().map(|v| v.version).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(versions[0].reason.as_deref(), Some("scanned again"));
}

#[tokio::test]
async fn the_status_is_that_of_the_current_version() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await;
    let first = a_job(document.id);
    let tx = system(&database).await;
    tx.jobs().enqueue(&first).await.expect("a job");
    tx.commit().await.expect("it commits");
    let unreadable = |version: &mut Version| {
        version.page_count = None;
        version.encryption = Some("RC4".into());
        version.status_detail = Some("encrypted".into());
    };
    let second = add_version(&database, &document, unreadable).await;
    assert_eq!(
        (second.status.as_str(), second.status_detail.as_deref()),
        ("password_required", Some("encrypted"))
    );
    // What a worker makes of the first version says nothing of the document now.
    let tx = system(&database).await;
    let claimed = look(&tx, &classes("default", &["text-layer"]), 1, "w").await;
    tx.commit().await.expect("it commits");
    assert_eq!(claimed[0].version, 1);
    let status = async || system(&database).await.documents().require(document.id).await.expect("it").status;
    assert_eq!(status().await, "password_required");
    db.client("postgres")
        .await
        .batch_execute("update processing_jobs set status = 'completed', completed_at = now()")
        .await
        .expect("it ends");
    // It counts once that version is current again.
    let tx = system(&database).await;
    let back = tx.documents().make_current(document.id, 1).await.expect("it is there");
    tx.commit().await.expect("it commits");
    assert_eq!((back.status.as_str(), back.status_detail), ("processed", None));
    let other: NewJob = NewJob { version: 2, ..a_job(document.id) };
    let tx = system(&database).await;
    tx.jobs().enqueue(&other).await.expect("a job for the other version");
    tx.commit().await.expect("it commits");
    assert_eq!(status().await, "processed");
}

#[tokio::test]
async fn a_version_that_is_not_there_cannot_be_made_current_and_nobody_invents_what_it_says() {
    let db = TestDatabase::migrated().await;
    let (database, owner) = (db.database().await, UserId::new());
    let document = store_document(&database, owner).await;
    let tx = system(&database).await;
    let refused = tx.documents().make_current(document.id, 7).await.expect_err("there is none");
    assert_eq!(*refused.kind(), ErrorKind::Conflict("documents_version_fkey".into()));
    let client = db.client_of(owner).await;
    for sql in
        ["update documents set sha256 = repeat('e', 64)", "update document_versions set page_count = 9"]
    {
        assert!(client.batch_execute(sql).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn who_writes_zones_without_a_word_of_versions_means_the_current_one() {
    let db = TestDatabase::migrated().await;
    let (database, owner) = (db.database().await, UserId::new());
    let document = store_document(&database, owner).await;
    add_version(&database, &document, |_| ()).await;
    let client = db.client_of(owner).await;
    let sql = "insert into zones (document_id, zone_index, page_number, zone_type, coordinates)
        values ($1, 5, 1, 'text', '{}') returning version";
    assert_eq!(client.query_one(sql, &[&document.id.0]).await.expect("a zone").get::<_, i32>(0), 2);
}
