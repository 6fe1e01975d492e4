//! The ledger: every confidence there ever was, each once, and nobody changes one.

use colophon_domain::{Confidence, DocumentId, NewZone, Strategy, UserId, ZoneId};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};
use tokio_postgres::error::SqlState;

use crate::system;

async fn stored(db: &TestDatabase, owner: UserId) -> (DocumentId, ZoneId) {
    let database = db.database().await;
    let document = store_document(&database, owner).await.id;
    let zone = NewZone { confidence: Some(0.5), ..a_zone(1, 0) };
    let tx = system(&database).await;
    let zones = [zone.clone(), a_zone(1, 1)];
    tx.zones().replace_pages(document, 1, Strategy::TextLayer, &[1], &zones).await.expect("zones");
    tx.commit().await.expect("it commits");
    (document, zone.id)
}

async fn ledger(db: &TestDatabase, document: DocumentId, zone: Option<ZoneId>) -> Vec<Confidence> {
    let database = db.database().await;
    let tx = system(&database).await;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let part = tx.confidences().list(document, zone, after, 2).await.expect("the ledger");
        all.extend(part.items);
        after = part.next_cursor;
        if after.is_none() {
            all.reverse();
            return all;
        }
    }
}

#[tokio::test]
async fn every_confidence_a_zone_ever_had_is_kept() {
    let db = TestDatabase::migrated().await;
    let (document, zone) = stored(&db, UserId::new()).await;
    let client = db.client("service_role").await;
    let rows = async || -> i64 {
        let sql = "select count(*) from public.zone_confidence_history";
        client.query_one(sql, &[]).await.expect("a count").get(0)
    };
    assert_eq!(rows().await, 0, "what stands is in the zone alone");
    for change in [
        "confidence = 0.75, processing_tool = 'ocr', processing_model = 'm1'",
        "content = 'x', page_number = 2",
        "processing_model = 'm2'",
        "confidence = null",
        "confidence = 1, zone_type = 'title'",
    ] {
        let sql = format!("update public.zones set {change} where zone_index = 0");
        client.batch_execute(&sql).await.expect("a change");
    }
    let seen: Vec<_> = ledger(&db, document, Some(zone)).await;
    let told: Vec<_> = seen
        .iter()
        .map(|c| {
            (c.confidence, c.processing_model.as_deref(), c.zone_type.as_deref(), c.page_number, c.stands)
        })
        .collect();
    let text = Some("text");
    assert_eq!(
        told,
        [
            (0.5, None, text, Some(1), false),
            (0.75, Some("m1"), text, Some(2), false),
            (0.75, Some("m2"), text, Some(2), false),
            (1.0, Some("m2"), Some("title"), Some(2), true),
        ]
    );
    for pair in seen[..3].windows(2) {
        assert_eq!(pair[0].until_at, Some(pair[1].recorded_at), "one ends where the next begins");
    }
    client.batch_execute("delete from public.zones where zone_index = 0").await.expect("it goes");
    let left = ledger(&db, document, None).await;
    assert_eq!(left.len(), 4, "the ledger outlives the zone");
    assert!(left.iter().all(|c| !c.stands && c.until_at.is_some()), "{left:?}");
}

#[tokio::test]
async fn nobody_changes_the_ledger_and_who_observed_something_adds_it() {
    let db = TestDatabase::migrated().await;
    let owner = UserId::new();
    let (document, zone) = stored(&db, owner).await;
    let person = db.client_of(owner).await;
    let service = db.client("service_role").await;
    let insert = "insert into public.zone_confidence_history (zone_id, confidence, processing_tool) values ($1, 0.25, 'p')";
    for client in [&person, &service] {
        client.execute(insert, &[&zone.0]).await.expect("as the specification does it");
        for change in [
            "update public.zone_confidence_history set confidence = 1",
            "delete from public.zone_confidence_history",
        ] {
            let refused = client.batch_execute(change).await.expect_err(change);
            assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{change}");
        }
    }
    let seen: Vec<_> =
        ledger(&db, document, Some(zone)).await.iter().map(|c| (c.confidence, c.stands)).collect();
    assert_eq!(seen.len(), 3);
    assert!(seen.contains(&(0.5, true)) && seen.iter().filter(|seen| **seen == (0.25, false)).count() == 2);
    let database = db.database().await;
    let tx = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    let of_stranger = tx.confidences().list(document, None, None, 10).await.expect("the ledger");
    assert!(of_stranger.items.is_empty(), "not for a stranger");
    person.execute("delete from public.documents where id = $1", &[&document.0]).await.expect("purged");
    assert!(ledger(&db, document, None).await.is_empty(), "it goes with the document");
}

/// What the older program wrote beside a zone is the same observation as the zone's own.
#[tokio::test]
async fn what_stood_when_the_ledger_changed_is_no_double() {
    let db = TestDatabase::migrated().await;
    let (document, zone) = stored(&db, UserId::new()).await;
    let client = db.client("postgres").await;
    let before = format!(
        "insert into public.zone_confidence_history (document_id, zone_id, confidence, recorded_at, stands)
         values ('{document}', '{zone}', 0.4, now() - interval '2 days', false),
                ('{document}', '{zone}', 0.5, now() - interval '1 day', true)"
    );
    client.batch_execute(&before).await.expect("as the migration leaves it");
    let told = async || -> Vec<_> {
        ledger(&db, document, Some(zone)).await.iter().map(|c| (c.confidence, c.stands)).collect::<Vec<_>>()
    };
    assert_eq!(told().await, [(0.4, false), (0.5, true)]);
    client
        .batch_execute("update public.zones set confidence = 0.6 where zone_index = 0")
        .await
        .expect("a change");
    assert_eq!(told().await, [(0.4, false), (0.5, false), (0.6, true)]);
}
