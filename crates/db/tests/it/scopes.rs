//! A connection serves one person after another, and tells none what another one has.

use colophon_db::{Database, UserScope};
use colophon_domain::{DocumentFilter, DocumentId, NewDocument, UserId};
use colophon_testkit::{TestDatabase, a_document, as_user, skip, store_document};
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::system;

const USERS: usize = 50;
/// As many at once, on four connections.
const LANES: usize = 20;
/// Of each lane: a thousand in all.
const REQUESTS: usize = 50;

struct Person {
    scope: UserScope,
    id: UserId,
    document: DocumentId,
}

#[tokio::test]
async fn a_scope_never_leaks_to_the_next_user_of_a_connection() {
    let db = TestDatabase::migrated().await;
    nobody_sees_what_is_anothers(&db.database_of(4).await).await;
}

#[tokio::test]
async fn a_scope_never_leaks_to_the_next_user_of_a_poolers_server_process() {
    let db = TestDatabase::migrated().await;
    let Some(database) = db.pooled_database_of(4).await else { skip!("no pgbouncer") };
    nobody_sees_what_is_anothers(&database).await;
}

async fn nobody_sees_what_is_anothers(database: &Database) {
    let mut people = Vec::new();
    for _ in 0..USERS {
        let id = UserId::new();
        people.push(Person { scope: as_user(id), id, document: store_document(database, id).await.id });
    }
    let lane = |lane: usize| {
        let people = &people;
        async move {
            for turn in 0..REQUESTS {
                let person = &people[(lane * 7 + turn * 11) % USERS];
                request(database, person, lane + turn).await;
            }
        }
    };
    join_all((0..LANES).map(lane)).await;
    let everything = system(database).await;
    let all = everything.documents().list(&DocumentFilter::default(), None, 1_000).await.expect("all");
    assert_eq!(all.items.len(), USERS, "what was not committed is not there");
}

/// One request, and one of the ways in which it may end.
async fn request(database: &Database, person: &Person, way: usize) {
    let tx = database.session(&person.scope).begin().await.expect("a transaction");
    let filter = DocumentFilter::default();
    let others = UserId::new();
    let theirs = NewDocument { uploaded_by: others.to_string(), ..a_document(others) };
    let broken_off = way % 7 == 3;
    if broken_off {
        // Sent, and nobody waits for the answer.
        assert!(tx.documents().list(&filter, None, 10).now_or_never().is_none(), "an answer takes time");
    }
    if way % 13 == 5 {
        assert!(tx.documents().insert(&theirs).now_or_never().is_none(), "an answer takes time");
        return;
    }
    let seen = tx.documents().list(&filter, None, 10).await.expect("a list").items;
    let owners: Vec<_> = seen.iter().map(|document| (document.id, document.uploaded_by.clone())).collect();
    assert_eq!(owners, [(person.document, Some(person.id.to_string()))], "way {way}");
    match way % 5 {
        0 => drop(tx),
        1 => drop(tx.documents().insert(&theirs).await.expect_err("in another's name")),
        2 => {
            tx.documents().insert(&a_document(person.id)).await.expect("their own");
            drop(tx);
        }
        3 if !broken_off => assert!(tx.commit().now_or_never().is_none(), "an answer takes time"),
        _ => assert_eq!(tx.commit().await.is_err(), broken_off, "nobody knows how it ended"),
    }
}
