//! Documents: stored, listed, kept apart by owner.

use colophon_db::{Database, ErrorKind, Scope};
use colophon_domain::{DocumentFilter, DocumentId, DocumentStatus, NewDocument, UserId};
use colophon_testkit::{TestDatabase, a_document, as_user, store_document};
use serde_json::json;

use crate::system;

/// Reads a list to its end, `limit` at a time.
async fn all<S: Scope>(
    database: &Database,
    scope: &S,
    filter: &DocumentFilter,
    limit: u16,
) -> Vec<DocumentId> {
    let tx = database.session(scope).begin().await.expect("a transaction");
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let part = tx.documents().list(filter, after, limit).await.expect("a part");
        assert!(part.items.len() <= usize::from(limit));
        ids.extend(part.items.iter().map(|document| document.id));
        after = part.next_cursor;
        if after.is_none() {
            return ids;
        }
        assert_eq!(part.items.len(), usize::from(limit), "a part before the last is full");
    }
}

#[tokio::test]
async fn what_is_stored_comes_back() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (owner, metadata) = (UserId::new(), json!({ "language": "de", "of": [1, null] }));
    let mut new = a_document(owner);
    new.metadata = metadata.as_object().expect("an object").clone();
    new.version.warnings = vec!["a".into(), "b".into()];
    new.version.title = Some("Bericht".into());

    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let inserted = tx.documents().insert(&new).await.expect("it is stored");
    tx.commit().await.expect("it commits");

    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let document = tx.documents().require(new.id).await.expect("it is there");
    assert_eq!(document.id, inserted.id);
    assert_eq!(
        (document.filename.as_str(), document.original_filename.as_str()),
        ("report.pdf", "report.pdf")
    );
    assert_eq!((document.status.as_str(), document.version, document.revision), ("uploaded", 1, 1));
    assert_eq!(document.metadata, metadata);
    assert_eq!(document.uploaded_by, Some(owner.to_string()));
    assert_eq!(document.sha256, Some(new.version.sha256.clone()));
    let version = tx.versions().get(new.id, 1).await.expect("a version").expect("it is there");
    assert_eq!(version.warnings, ["a", "b"]);
    assert_eq!((version.title.as_deref(), version.page_count), (Some("Bericht"), Some(3)));
    assert_eq!(tx.versions().list(new.id).await.expect("versions").len(), 1);
    assert!(tx.versions().get(new.id, 2).await.expect("none").is_none());
}

#[tokio::test]
async fn a_list_is_read_to_its_end_newest_first_and_nothing_twice() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let mut expected = Vec::new();
    // Documents of one transaction share their time: then the identifier decides.
    for _ in 0..4 {
        let tx = system(&database).await;
        for _ in 0..6 {
            expected.push(tx.documents().insert(&a_document(owner)).await.expect("a document"));
        }
        tx.commit().await.expect("it commits");
    }
    expected.sort_by_key(|document| std::cmp::Reverse((document.created_at, document.id)));
    let expected: Vec<_> = expected.iter().map(|document| document.id).collect();
    for limit in [1, 5, 6, 24, 100] {
        let found = all(&database, &as_user(owner), &DocumentFilter::default(), limit).await;
        assert_eq!(found, expected, "{limit} at a time");
    }
}

#[tokio::test]
async fn filters_keep_what_fits_and_nothing_else() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (alice, bob) = (UserId::new(), UserId::new());
    let of_alice = store_document(&database, alice).await.id;
    let of_bob = store_document(&database, bob).await.id;
    let damaged = NewDocument {
        status: DocumentStatus::Damaged,
        filename: colophon_domain::FileName::new("100%_Über.PDF").expect("a name"),
        ..a_document(alice)
    };
    let tx = system(&database).await;
    tx.documents().insert(&damaged).await.expect("a document");
    tx.commit().await.expect("it commits");

    let everything = colophon_db::SystemScope::new();
    let find = async |filter: DocumentFilter| {
        let mut found = all(&database, &everything, &filter, 50).await;
        found.sort();
        found
    };
    let status = Some(DocumentStatus::Damaged);
    assert_eq!(find(DocumentFilter { status, ..Default::default() }).await, [damaged.id]);
    let uploaded_by = Some(bob.to_string());
    assert_eq!(find(DocumentFilter { uploaded_by, ..Default::default() }).await, [of_bob]);
    // Part of the name, in any case; % and _ mean themselves.
    for q in ["%_", "ÜBER", ".pdf"] {
        let found = find(DocumentFilter { q: Some(q.into()), ..Default::default() }).await;
        assert!(found.contains(&damaged.id), "{q}");
        assert_eq!(found.contains(&of_alice), q == ".pdf", "{q}");
    }
}

#[tokio::test]
async fn a_person_sees_only_what_is_theirs_and_an_unknown_one_nothing() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (alice, bob, stranger) = (UserId::new(), UserId::new(), UserId::new());
    let of_alice = store_document(&database, alice).await.id;
    let of_bob = store_document(&database, bob).await.id;
    for (user, sees) in [(alice, vec![of_alice]), (bob, vec![of_bob]), (stranger, vec![])] {
        let found = all(&database, &as_user(user), &DocumentFilter::default(), 10).await;
        assert_eq!(found, sees);
        let tx = database.session(&as_user(user)).begin().await.expect("a transaction");
        let many = tx.documents().get_many(&[of_alice, of_bob]).await.expect("some");
        assert_eq!(many.iter().map(|document| document.id).collect::<Vec<_>>(), sees);
    }
    let tx = database.session(&as_user(bob)).begin().await.expect("a transaction");
    let error = tx.documents().require(of_alice).await.expect_err("it is not for bob");
    assert_eq!(error.kind(), &ErrorKind::NotFound);
}

#[tokio::test]
async fn nobody_stores_a_document_in_another_persons_name() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let tx = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    let error = tx.documents().insert(&a_document(UserId::new())).await.expect_err("not in that name");
    assert_eq!(error.kind(), &ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_status_is_bookkeeping_and_an_edit_is_a_revision() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await;
    let client = db.client("postgres").await;
    let status = "update documents set status = 'failed', status_detail = 'why'";
    client.batch_execute(status).await.expect("bookkeeping");
    client.batch_execute("update documents set metadata = '{\"a\": 1}'").await.expect("an edit");
    client.batch_execute("update documents set metadata = '{\"a\": 1}'").await.expect("no edit");
    let after = system(&database).await.documents().require(document.id).await.expect("it is there");
    assert_eq!((after.status.as_str(), after.status_detail.as_deref()), ("failed", Some("why")));
    assert_eq!(after.revision, document.revision + 1);
    assert!(after.updated_at > document.updated_at, "the database keeps the time of the last change");
}

#[tokio::test]
async fn a_version_names_only_an_object_of_its_own_document() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let theirs = store_document(&database, UserId::new()).await;
    let mut new = a_document(owner);
    new.version.storage_path = theirs.storage_path.expect("it has one");
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let error = tx.documents().insert(&new).await.expect_err("that object is another's");
    assert_eq!(error.kind(), &ErrorKind::Invalid("document_versions_storage_path_check".into()));
}
