//! The trash and legal hold: the owner decides, everything comes back, a hold refuses whoever asks.

use colophon_db::{Database, ErrorKind, Result, Scope};
use colophon_domain::{Document, DocumentId, UserId};
use colophon_testkit::{A_ROW_IN_EVERY_TABLE, TestDatabase, as_user, store_document};

use crate::system;

const DOCUMENT: &str = "00000000-0000-7000-8000-000000000001";

fn person(digits: &str) -> UserId {
    format!("00000000-0000-7000-8000-0000000000{digits}").parse().expect("an identifier")
}

async fn trash<S: Scope>(database: &Database, scope: &S, id: DocumentId) -> Result<Document> {
    let tx = database.session(scope).begin().await?;
    let document = tx.documents().trash(id).await?;
    tx.commit().await.map(|()| document)
}

async fn restore<S: Scope>(database: &Database, scope: &S, id: DocumentId) -> Result<Document> {
    let tx = database.session(scope).begin().await?;
    let document = tx.documents().restore(id).await?;
    tx.commit().await.map(|()| document)
}

async fn sees<S: Scope>(database: &Database, scope: &S, id: DocumentId) -> bool {
    let tx = database.session(scope).begin().await.expect("a transaction");
    tx.documents().get(id).await.expect("an answer").is_some()
}

#[tokio::test]
async fn the_owner_alone_puts_a_document_into_the_trash_and_takes_it_back() {
    let db = TestDatabase::migrated().await;
    db.client("postgres").await.batch_execute(A_ROW_IN_EVERY_TABLE).await.expect("rows");
    let database = db.database().await;
    let id: DocumentId = DOCUMENT.parse().expect("an identifier");
    let (owner, viewer, editor) = (as_user(person("0a")), as_user(person("0b")), as_user(person("0c")));
    for (who, kind) in [
        (&viewer, ErrorKind::Forbidden),
        (&editor, ErrorKind::Forbidden),
        (&as_user(person("99")), ErrorKind::NotFound),
    ] {
        let refused = trash(&database, who, id).await.expect_err("it is not theirs");
        assert_eq!(*refused.kind(), kind);
        let tx = database.session(who).begin().await.expect("a transaction");
        assert_eq!(*tx.documents().purge(id).await.expect_err("it is not theirs").kind(), kind);
    }
    let trashed = trash(&database, &owner, id).await.expect("it is theirs");
    assert_eq!(trashed.deleted_by, Some(person("0a").to_string()));
    let again = trash(&database, &owner, id).await.expect("it is there already");
    assert_eq!(again.deleted_at, trashed.deleted_at, "the first time counts");
    // Only the owner sees it, with all that hangs on it.
    assert!(sees(&database, &owner, id).await);
    for other in [&viewer, &editor] {
        assert!(!sees(&database, other, id).await);
    }
    let of_viewer = db.client_of(person("0b")).await;
    for table in ["documents", "document_versions", "zones", "user_corrections", "processing_jobs"] {
        let rows = of_viewer.query(&format!("select from public.{table}"), &[]).await.expect("rows");
        assert!(rows.is_empty(), "{table}");
    }
    let restored = restore(&database, &owner, id).await.expect("it comes back");
    assert_eq!((restored.deleted_at, restored.deleted_by, restored.revision), (None, None, trashed.revision));
    for other in [&viewer, &editor] {
        assert!(sees(&database, other, id).await, "with its shares");
    }
    let zones = of_viewer.query("select from public.zones", &[]).await.expect("rows");
    assert_eq!(zones.len(), 1);
}

#[tokio::test]
async fn a_legal_hold_refuses_the_trash_and_the_purge_to_everybody() {
    let db = TestDatabase::migrated().await;
    let (database, owner) = (db.database().await, UserId::new());
    let id = store_document(&database, owner).await.id;
    let owner = as_user(owner);
    let tx = database.session(&owner).begin().await.expect("a transaction");
    let refused = tx.documents().hold(id, Some("mine")).await.expect_err("the platform's alone");
    assert_eq!(*refused.kind(), ErrorKind::Forbidden);
    let hold = async |reason| {
        let tx = system(&database).await;
        tx.documents().hold(id, reason).await.expect("it is held, or not");
        tx.commit().await.expect("it commits");
    };
    hold(Some("case 17")).await;
    let refused = trash(&database, &owner, id).await.expect_err("it is held");
    assert_eq!(*refused.kind(), ErrorKind::LegalHold);
    assert!(refused.to_string().contains("case 17"), "{refused}");
    let refused = system(&database).await.documents().purge(id).await.expect_err("it is held");
    assert_eq!(*refused.kind(), ErrorKind::LegalHold);
    // Nor by SQL, whoever writes it.
    let postgres = db.client("postgres").await;
    for sql in ["delete from public.documents", "update public.documents set deleted_at = now()"] {
        assert!(postgres.batch_execute(sql).await.is_err(), "{sql}");
    }
    hold(None).await;
    trash(&database, &owner, id).await.expect("nothing forbids it now");
    // What is in the trash can be held there.
    hold(Some("case 18")).await;
    let refused = system(&database).await.documents().purge(id).await.expect_err("it is held");
    assert_eq!(*refused.kind(), ErrorKind::LegalHold);
}
