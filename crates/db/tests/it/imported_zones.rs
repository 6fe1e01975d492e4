//! Zones of a file: taken over at once, found again by their identifiers, and never over a person's word.

use colophon_db::imported_zones::{Finder, Taken, Waiting};
use colophon_db::{Database, ErrorKind, Scope, SystemScope};
use colophon_domain::zones::ZONES_PER_PAGE;
use colophon_domain::{ChangeKind, DocumentId, NewChange, NewZone, UserId, Zone, ZoneFilter, ZoneId};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};

fn waiting(key: &str, page_number: i32, order: i64) -> Waiting {
    let content = Some(format!("text of {key}"));
    let zone = NewZone { external_id: Some(key.to_owned()), content, ..a_zone(page_number, 0) };
    Waiting { zone, key: key.to_owned(), parent: None, order, id_given: false }
}

async fn import<S: Scope>(
    database: &Database,
    scope: &S,
    document: DocumentId,
    zones: &[Waiting],
) -> colophon_db::Result<Taken> {
    let tx = database.session(scope).begin().await?;
    tx.imported_zones().stage(0, zones).await?;
    let revision = tx.changes().begin(document, &NewChange::of(ChangeKind::Import)).await?;
    let taken =
        tx.imported_zones().take(document, 1, revision, Finder { tool: "scribe", model: None }).await?;
    tx.imported_zones().clear().await?;
    tx.commit().await?;
    Ok(taken)
}

async fn zones(database: &Database, document: DocumentId) -> Vec<Zone> {
    let tx = database.session(&SystemScope::new()).begin().await.expect("a transaction");
    tx.zones().list(document, &ZoneFilter::default(), -1, 100_000).await.expect("zones")
}

fn keys(zones: &[Zone]) -> Vec<&str> {
    zones.iter().filter_map(|zone| zone.external_id.as_deref()).collect()
}

#[tokio::test]
async fn a_second_import_of_a_file_changes_what_changed_and_doubles_nothing() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let scope = as_user(owner);
    let file = || vec![waiting("b", 1, 2), waiting("a", 1, 1), waiting("c", 2, 1), waiting("a", 1, 3)];
    let taken = import(&database, &scope, document, &file()).await.expect("the first");
    assert_eq!((taken.inserted, taken.updated, taken.unchanged), (4, 0, 0));
    let first = zones(&database, document).await;
    assert_eq!(keys(&first), ["a", "b", "a", "c"], "pages, and the order of the file on each");
    assert_eq!(first[3].zone_index, ZONES_PER_PAGE);
    assert!(
        first
            .iter()
            .all(|zone| zone.created_by.is_none() && zone.original.is_none() && zone.zones_revision == 1)
    );

    let mut again = file();
    again[2].zone.content = Some("read anew".to_owned());
    again.push(waiting("d", 1, 0));
    let taken = import(&database, &scope, document, &again).await.expect("the second");
    assert_eq!((taken.inserted, taken.updated, taken.unchanged), (1, 1, 3));
    let second = zones(&database, document).await;
    assert_eq!(keys(&second), ["a", "b", "a", "d", "c"], "what is new stands behind what was there");
    assert_eq!((second[4].id, second[4].content.as_deref()), (first[3].id, Some("read anew")));
    assert_eq!(second[4].zones_revision, 2);
}

#[tokio::test]
async fn what_a_person_changed_or_took_away_stays_so() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let file = || vec![waiting("changed", 1, 1), waiting("deleted", 1, 2), waiting("left", 1, 3)];
    import(&database, &SystemScope::new(), document, &file()).await.expect("the first");
    let by_hand = format!(
        "set role authenticated; select set_config('request.jwt.claims', '{{\"sub\": \"{owner}\", \"role\": \"authenticated\"}}', false);
         update zones set content = 'a person''s word' where document_id = '{document}' and external_id = 'changed';
         delete from zones where document_id = '{document}' and external_id = 'deleted'"
    );
    db.client("postgres").await.batch_execute(&by_hand).await.expect("a person at work");

    let mut again = file();
    again[0].zone.content = Some("the tool's new word".to_owned());
    let taken = import(&database, &SystemScope::new(), document, &again).await.expect("the second");
    assert_eq!(taken.deleted_by_person, ["deleted"]);
    let stand = zones(&database, document).await;
    assert_eq!(keys(&stand), ["changed", "left"]);
    assert_eq!(stand[0].content.as_deref(), Some("a person's word"));
    assert_eq!(stand[0].original.as_ref().expect("what the tool says")["content"], "the tool's new word");
}

#[tokio::test]
async fn parents_are_found_in_any_order_and_circles_are_cut() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let part = |key: &str, parent: &str| Waiting { parent: Some(parent.to_owned()), ..waiting(key, 1, 1) };
    let file = [
        part("word", "line"),
        part("line", "region"),
        waiting("region", 1, 0),
        part("x", "y"),
        part("y", "x"),
        part("z", "?"),
    ];
    let taken = import(&database, &SystemScope::new(), document, &file).await.expect("zones");
    let mut unknown = taken.parents_unknown.clone();
    unknown.sort();
    assert_eq!(unknown, ["x", "y", "z"]);
    let stand = zones(&database, document).await;
    let of =
        |key: &str| stand.iter().find(|zone| zone.external_id.as_deref() == Some(key)).expect("it is there");
    assert_eq!(of("word").parent_id, Some(of("line").id));
    assert_eq!(of("line").parent_id, Some(of("region").id));
    assert_eq!(of("x").parent_id, None);
}

#[tokio::test]
async fn ids_of_the_file_are_kept_and_belong_to_one_zone() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let id = ZoneId::new();
    let own = |content: &str| {
        let mut own = waiting(&id.to_string(), 1, 1);
        own.zone.id = id;
        own.zone.content = Some(content.to_owned());
        own.id_given = true;
        own
    };
    let taken =
        import(&database, &SystemScope::new(), document, &[own("one"), own("two")]).await.expect("zones");
    assert_eq!((taken.inserted, taken.ids_taken.len()), (1, 1));
    let taken = import(&database, &SystemScope::new(), document, &[own("three")]).await.expect("zones");
    assert_eq!(taken.updated, 1);
    let stand = zones(&database, document).await;
    assert_eq!((stand.len(), stand[0].id, stand[0].content.as_deref()), (1, id, Some("three")));
}

#[tokio::test]
async fn a_page_with_more_zones_than_it_has_places_goes_on_behind_everything() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let file: Vec<Waiting> = (0..ZONES_PER_PAGE + 5)
        .map(|n| waiting(&format!("{n}"), 1, i64::from(n)))
        .chain([waiting("next", 2, 0)])
        .collect();
    import(&database, &SystemScope::new(), document, &file).await.expect("zones");
    let stand = zones(&database, document).await;
    assert_eq!(stand.len(), file.len());
    assert_eq!((stand[0].external_id.as_deref(), stand[0].zone_index), (Some("next"), ZONES_PER_PAGE));
    assert_eq!(stand[1].zone_index, 2 * ZONES_PER_PAGE);
    assert!(
        keys(&stand[1..]).iter().enumerate().all(|(n, key)| *key == n.to_string()),
        "in the file's order"
    );
}

#[tokio::test]
async fn a_stranger_imports_nothing_and_nobody_sees_what_waits_elsewhere() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let refused =
        import(&database, &as_user(UserId::new()), document, &[waiting("a", 1, 1)]).await.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Forbidden), "{refused}");

    let session = database.session(&SystemScope::new());
    let tx = session.begin().await.expect("a transaction");
    tx.imported_zones().stage(0, &[waiting("mine", 1, 1)]).await.expect("it waits");
    let other = database.session(&SystemScope::new());
    let other = other.begin().await.expect("another");
    assert!(other.imported_zones().find(&["mine"]).await.expect("a look").is_empty());
    assert_eq!(tx.imported_zones().find(&["mine"]).await.expect("a look").len(), 1);
}
