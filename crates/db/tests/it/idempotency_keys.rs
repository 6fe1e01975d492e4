//! The same write, sent twice, happens once.

use colophon_db::idempotency_keys::EarlierWrite;
use colophon_domain::UserId;
use colophon_testkit::{TestDatabase, as_user};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::system;

#[tokio::test]
async fn of_many_that_take_a_key_at_once_exactly_one_wins() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(12).await;
    let owner = UserId::new();
    let take = async |_: u32| {
        let mine = Uuid::new_v4();
        let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
        let earlier =
            tx.idempotency_keys().take(&owner.to_string(), "k", "upload", mine).await.expect("an answer");
        tx.commit().await.expect("it commits");
        (mine, earlier)
    };
    let answers = join_all((0..12).map(take)).await;
    let winners: Vec<_> = answers.iter().filter(|(_, earlier)| earlier.is_none()).collect();
    let [(winner, _)] = winners[..] else { panic!("{} winners", winners.len()) };
    let told = Some(EarlierWrite { request: "upload".into(), resource_id: *winner, answer: None });
    assert!(answers.iter().all(|(mine, earlier)| mine == winner || *earlier == told), "{answers:?}");
}

#[tokio::test]
async fn a_key_whose_writer_gave_up_is_free_again() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let first = system(&database).await;
    assert_eq!(first.idempotency_keys().take("o", "k", "r", Uuid::new_v4()).await.expect("free"), None);
    let second = tokio::spawn({
        let database = database.clone();
        async move {
            let tx = system(&database).await;
            tx.idempotency_keys().take("o", "k", "r", Uuid::new_v4()).await
        }
    });
    let waiting =
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    let watcher = db.client("supabase_admin").await;
    while watcher.query(waiting, &[]).await.expect("a look").is_empty() {
        tokio::task::yield_now().await;
    }
    drop(first);
    assert_eq!(second.await.expect("no panic").expect("an answer"), None, "nothing was written under it");
}

#[tokio::test]
async fn keys_of_two_people_are_two_keys() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    for owner in [UserId::new(), UserId::new()] {
        let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
        let mine = owner.to_string();
        assert_eq!(tx.idempotency_keys().take(&mine, "k", "r", Uuid::new_v4()).await.expect("free"), None);
        assert!(tx.idempotency_keys().get(&mine, "k").await.expect("read").is_some());
        tx.commit().await.expect("it commits");
        let stranger = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
        assert_eq!(stranger.idempotency_keys().get(&mine, "k").await.expect("read"), None);
    }
}
