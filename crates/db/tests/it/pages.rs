//! Pages of a version.

use colophon_domain::{Page, UserId};
use colophon_testkit::{TestDatabase, a_page, store_document};

use crate::system;

#[tokio::test]
async fn pages_come_back_in_order_with_every_number_they_had() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let odd = Page {
        rotation: 270,
        mediabox: [-1.5, 2.0, 3.0, 4.0],
        cropbox: [0.1, 0.2, 0.3, 0.4],
        user_unit: 2.5,
        ..a_page(2)
    };
    let pages = [a_page(3), odd.clone(), a_page(1)];
    let tx = system(&database).await;
    tx.pages().insert(document, 1, &pages).await.expect("pages");
    tx.pages().insert(document, 1, &[]).await.expect("no pages are no error");
    tx.commit().await.expect("it commits");

    let tx = system(&database).await;
    assert_eq!(tx.pages().list(document, 1, 0, 10).await.expect("all"), [a_page(1), odd.clone(), a_page(3)]);
    assert_eq!(tx.pages().list(document, 1, 1, 1).await.expect("the second"), [odd]);
    assert!(tx.pages().list(document, 2, 0, 10).await.expect("none").is_empty());
}
