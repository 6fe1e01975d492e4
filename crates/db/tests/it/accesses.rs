//! The log of what others did with a document: complete, in their own names, and nobody's to change.

use colophon_db::{CallerScope, Database, ErrorKind, Scope, SystemScope};
use colophon_domain::{Access, Action, DocumentId, NewShare, ShareId, ShareRole, UserId};
use colophon_testkit::{TestDatabase, as_user, store_document};

fn share_with(user_id: Option<UserId>, max_uses: Option<i32>) -> NewShare {
    NewShare { id: ShareId::new(), role: ShareRole::Viewer, user_id, expires_at: None, max_uses }
}

async fn share(database: &Database, owner: UserId, document: DocumentId, new: &NewShare) -> Option<String> {
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let made = tx.shares().insert(document, new, Some(&owner.to_string())).await.expect("a share");
    tx.commit().await.expect("it commits");
    made.1.map(|token| token.expose().to_owned())
}

async fn record<S: Scope>(
    database: &Database,
    scope: &S,
    document: DocumentId,
    action: Action,
    in_part: bool,
) {
    let tx = database.session(scope).begin().await.expect("a transaction");
    tx.accesses().record(document, action, in_part).await.expect("an answer");
    tx.commit().await.expect("it commits");
}

/// Newest first.
async fn log<S: Scope>(database: &Database, scope: &S, document: DocumentId) -> Vec<Access> {
    let tx = database.session(scope).begin().await.expect("a transaction");
    let list = tx.accesses().list(document, None, 1_000).await.expect("a list");
    tx.commit().await.expect("it commits");
    list.items
}

async fn open(database: &Database, person: UserId, token: &str) -> Result<DocumentId, ErrorKind> {
    let tx = database.session(&as_user(person)).begin().await.expect("a transaction");
    let opened = tx.shares().open(token).await.map_err(|error| error.kind().clone())?;
    tx.commit().await.expect("it commits");
    Ok(opened)
}

#[tokio::test]
async fn each_opening_of_a_link_is_noted_also_by_who_holds_it() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (owner, person) = (UserId::new(), UserId::new());
    let document = store_document(&database, owner).await.id;
    let link = share_with(None, Some(1));
    let token = share(&database, owner, document, &link).await.expect("a token");
    for _ in 0..3 {
        assert_eq!(open(&database, person, &token).await, Ok(document));
    }
    assert_eq!(
        open(&database, owner, &token).await,
        Ok(document),
        "the owner needs no link, and leaves no line"
    );
    assert_eq!(open(&database, UserId::new(), &token).await, Err(ErrorKind::NotFound), "it was for one");
    let lines = log(&database, &as_user(owner), document).await;
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert_eq!(
            (line.action.as_str(), line.user_id, line.share_id),
            ("opened", Some(person), Some(link.id))
        );
    }
}

#[tokio::test]
async fn a_line_names_the_share_that_let_them_in_and_strangers_leave_none() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (owner, person, stranger) = (UserId::new(), UserId::new(), UserId::new());
    let document = store_document(&database, owner).await.id;
    let by_person = share_with(Some(person), None);
    share(&database, owner, document, &by_person).await;
    record(&database, &as_user(person), document, Action::Downloaded, false).await;
    record(&database, &as_user(stranger), document, Action::Downloaded, false).await;
    record(&database, &as_user(owner), document, Action::Downloaded, false).await;
    record(&database, &as_user(owner), document, Action::SignedUrlUsed, false).await;
    record(&database, &CallerScope::Service(SystemScope::new()), document, Action::SignedUrl, false).await;
    let lines = log(&database, &as_user(owner), document).await;
    let told: Vec<_> =
        lines.iter().rev().map(|line| (line.action.as_str(), line.user_id, line.share_id)).collect();
    assert_eq!(
        told,
        [
            ("downloaded", Some(person), Some(by_person.id)),
            ("signed_url_used", Some(owner), None),
            ("signed_url", None, None),
        ]
    );
    assert!(log(&database, &as_user(person), document).await.is_empty(), "it is the owner's to read");
}

#[tokio::test]
async fn parts_of_one_reading_are_one_line_and_whole_files_one_each() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (owner, person, other) = (UserId::new(), UserId::new(), UserId::new());
    let document = store_document(&database, owner).await.id;
    for reader in [person, other] {
        share(&database, owner, document, &share_with(Some(reader), None)).await;
        for _ in 0..5 {
            record(&database, &as_user(reader), document, Action::Downloaded, true).await;
        }
    }
    assert_eq!(log(&database, &as_user(owner), document).await.len(), 2);
    for _ in 0..2 {
        record(&database, &as_user(person), document, Action::Downloaded, false).await;
    }
    assert_eq!(log(&database, &as_user(owner), document).await.len(), 4);
    let earlier = "update public.document_accesses set created_at = created_at - interval '6 minutes'";
    db.client("postgres").await.batch_execute(earlier).await.expect("time passes");
    record(&database, &as_user(person), document, Action::Downloaded, true).await;
    assert_eq!(log(&database, &as_user(owner), document).await.len(), 5);
}

#[tokio::test]
async fn twenty_people_at_once_are_as_many_as_the_link_says_and_each_is_noted() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(20).await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let token = share(&database, owner, document, &share_with(None, Some(7))).await.expect("a token");
    let people: Vec<UserId> = (0..20).map(|_| UserId::new()).collect();
    let opened =
        futures_util::future::join_all(people.iter().map(|person| open(&database, *person, &token))).await;
    let mut let_in: Vec<UserId> =
        people.iter().zip(&opened).filter(|(_, opened)| opened.is_ok()).map(|(person, _)| *person).collect();
    assert_eq!(let_in.len(), 7, "{opened:?}");
    let lines = log(&database, &as_user(owner), document).await;
    let mut noted: Vec<UserId> = lines.iter().filter_map(|line| line.user_id).collect();
    let_in.sort();
    noted.sort();
    assert_eq!(noted, let_in);
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let list = tx.shares().list(document, None, 10).await.expect("a list");
    assert_eq!((list.items[0].state.as_str(), list.items[0].uses), ("used_up", 7));
}

#[tokio::test]
async fn sharing_anew_with_a_person_takes_the_place_of_what_was_shared_also_at_once() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (owner, person) = (UserId::new(), UserId::new());
    let document = store_document(&database, owner).await.id;
    let many: Vec<NewShare> = (0..8).map(|_| share_with(Some(person), None)).collect();
    futures_util::future::join_all(many.iter().map(|new| share(&database, owner, document, new))).await;
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let list = tx.shares().list(document, None, 100).await.expect("a list").items;
    assert_eq!(list.len(), 8, "all stay on record");
    let in_force: Vec<_> = list.iter().filter(|share| share.state == "active").collect();
    assert_eq!(in_force.len(), 1);
    assert!(tx.shares().revoke(document, in_force[0].id).await.expect("it is revoked"));
    assert!(!tx.shares().revoke(document, in_force[0].id).await.expect("no error"), "it was revoked already");
    tx.commit().await.expect("it commits");
    let tx = database.session(&as_user(person)).begin().await.expect("a transaction");
    assert!(tx.documents().get(document).await.expect("an answer").is_none());
}

#[tokio::test]
async fn only_the_platform_reads_signing_keys_and_an_empty_table_gets_one() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let keys = async || {
        let tx = database.session(&SystemScope::new()).begin().await.expect("a transaction");
        let keys = tx.signing_keys().all().await.expect("keys");
        tx.commit().await.expect("it commits");
        keys
    };
    let first = keys().await;
    assert_eq!((first.len(), first[0].secret.len()), (1, 32));
    assert!(!format!("{:?}", first[0]).contains("secret"));
    let postgres = db.client("postgres").await;
    postgres.batch_execute("insert into colophon.signing_keys default values").await.expect("a key");
    let both = keys().await;
    assert_eq!((both.len(), both[1].id), (2, first[0].id), "the newest signs");
    assert_ne!(both[0].secret, both[1].secret);
    postgres.batch_execute("delete from colophon.signing_keys").await.expect("none is left");
    assert_eq!(keys().await.len(), 1);
    let person = db.client_of(UserId::new()).await;
    assert!(person.query("select id from colophon.signing_keys", &[]).await.is_err());
}
