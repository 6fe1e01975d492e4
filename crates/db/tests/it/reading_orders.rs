//! Named reading orders: kept as they were given, and honest about zones that are gone.

use colophon_domain::{NewZone, ReadingOrder, ReadingOrderGroup, ReadingOrderItem, Strategy, UserId, ZoneId};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};

use crate::system;

#[tokio::test]
async fn an_order_comes_back_as_it_was_and_says_which_zones_are_gone() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let zones: Vec<NewZone> = (0..3).map(|index| a_zone(1, index)).collect();
    let ids: Vec<ZoneId> = zones.iter().map(|zone| zone.id).collect();
    let tx = system(&database).await;
    tx.zones().replace_pages(document, 1, Strategy::TextLayer, &[1], &zones).await.expect("zones");
    tx.commit().await.expect("it commits");
    let group = ReadingOrderGroup {
        ordered: false,
        zone_id: Some(ids[1]),
        items: vec![ReadingOrderItem::Zone(ids[2])],
    };
    let items = vec![ReadingOrderItem::Group(group), ReadingOrderItem::Zone(ids[0])];
    let mut order = ReadingOrder { name: "columns / Spalten".into(), items };

    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let stored = tx.reading_orders().put(document, 1, &order).await.expect("stored");
    assert_eq!((stored.revision, stored.created_by), (1, Some(owner.to_string())));
    assert_eq!(stored.order, order);
    assert_eq!(tx.reading_orders().put(document, 1, &order).await.expect("the same").revision, 1);
    order.items.reverse();
    assert_eq!(tx.reading_orders().put(document, 1, &order).await.expect("another").revision, 2);
    tx.commit().await.expect("it commits");

    let by_hand = db.client("service_role").await;
    by_hand.execute("delete from public.zones where id = $1", &[&ids[2].0]).await.expect("it goes");
    let tx = system(&database).await;
    let found =
        tx.reading_orders().get(document, None, &order.name).await.expect("read").expect("it is there");
    assert_eq!((found.order, found.gone), (order.clone(), vec![ids[2]]));
    assert_eq!(tx.reading_orders().list(document, None).await.expect("orders").len(), 1);
    assert!(tx.reading_orders().list(document, Some(2)).await.expect("orders").is_empty());
    let stranger = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    assert!(stranger.reading_orders().list(document, None).await.expect("orders").is_empty());
    assert!(!stranger.reading_orders().delete(document, 1, &order.name).await.expect("nothing"));
    assert!(stranger.reading_orders().put(document, 1, &order).await.is_err());
    assert!(tx.reading_orders().delete(document, 1, &order.name).await.expect("deleted"));
}
