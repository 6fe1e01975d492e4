//! Zones: replaced page by page, listed in reading order, found by their words.

use colophon_db::Database;
use colophon_domain::{
    ChangeKind, DocumentId, NewChange, NewZone, SearchFilter, Strategy, UserId, ZoneFilter,
};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};

use crate::system;

async fn put(database: &Database, document: DocumentId, pages: &[i32], zones: &[NewZone]) {
    let tx = system(database).await;
    tx.zones().replace_pages(document, 1, Strategy::TextLayer, pages, zones).await.expect("zones");
    tx.commit().await.expect("it commits");
}

/// The bulk of the text layer knows no languages.
async fn set_languages(db: &TestDatabase, zones: &[NewZone]) {
    let client = db.client("service_role").await;
    for zone in zones {
        let update = "update public.zones set language = $2 where id = $1";
        client.execute(update, &[&zone.id.0, &zone.language]).await.expect("a language");
    }
}

async fn indexes(database: &Database, document: DocumentId, filter: &ZoneFilter) -> Vec<i32> {
    let zones = system(database).await.zones().list(document, filter, -1, 100).await.expect("zones");
    zones.iter().map(|zone| zone.zone_index).collect()
}

#[tokio::test]
async fn a_page_that_is_read_again_replaces_only_itself() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    put(&database, document, &[1, 2], &[a_zone(1, 0), a_zone(1, 1), a_zone(2, 10)]).await;
    let by_hand = format!(
        "insert into zones (document_id, zone_index, page_number, zone_type, coordinates, processing_tool)
         values ('{document}', 5, 1, 'note', '{{}}', 'a person')"
    );
    db.client("postgres").await.batch_execute(&by_hand).await.expect("a zone of another tool");

    put(&database, document, &[1], &[a_zone(1, 1)]).await;
    assert_eq!(indexes(&database, document, &ZoneFilter::default()).await, [1, 5, 10]);
    put(&database, document, &[2], &[]).await;
    assert_eq!(indexes(&database, document, &ZoneFilter::default()).await, [1, 5]);
}

#[tokio::test]
async fn zones_are_listed_in_reading_order_part_by_part_and_by_filter() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let title = NewZone { zone_type: "title".into(), ..a_zone(1, 0) };
    put(&database, document, &[1, 2], &[a_zone(2, 3), a_zone(1, 2), title, a_zone(1, 1)]).await;

    let tx = system(&database).await;
    let list = async |filter: &ZoneFilter, after, limit| {
        let zones = tx.zones().list(document, filter, after, limit).await.expect("zones");
        zones.iter().map(|zone| zone.zone_index).collect::<Vec<_>>()
    };
    let every = ZoneFilter::default();
    assert_eq!(list(&every, -1, 3).await, [0, 1, 2]);
    assert_eq!(list(&every, 2, 3).await, [3]);
    assert!(list(&every, 3, 3).await.is_empty());
    assert_eq!(list(&ZoneFilter { page_number: Some(2), ..Default::default() }, -1, 9).await, [3]);
    assert_eq!(list(&ZoneFilter { zone_type: Some("title".into()), ..Default::default() }, -1, 9).await, [0]);
    assert!(
        list(&ZoneFilter { status: Some("failed".into()), ..Default::default() }, -1, 9).await.is_empty()
    );
}

#[tokio::test]
async fn a_zone_comes_back_as_it_was_and_unknown_confidence_stays_unknown() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let sure = NewZone { confidence: Some(0.875_317), ..a_zone(1, 0) };
    let unknown = a_zone(1, 1);
    put(&database, document, &[1], &[sure.clone(), unknown.clone()]).await;

    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let zone = tx.zones().get(document, sure.id).await.expect("read").expect("it is there");
    assert_eq!(zone.confidence, Some(0.875_317));
    assert_eq!(zone.coordinates, serde_json::json!({ "x0": 72.0, "y0": 72.0, "x1": 300.0, "y1": 84.5 }));
    assert_eq!((zone.content.as_deref(), zone.status.as_str()), (Some("line 0 of page 1"), "completed"));
    assert_eq!((zone.processing_tool.as_deref(), zone.revision), (Some("text-layer"), 1));
    let zone = tx.zones().get(document, unknown.id).await.expect("read").expect("it is there");
    assert_eq!(zone.confidence, None);
    let tx = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    assert!(tx.zones().get(document, sure.id).await.expect("read").is_none(), "not for a stranger");
}

#[tokio::test]
async fn words_are_found_where_the_reader_may_look_best_first() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (alice, bob) = (UserId::new(), UserId::new());
    let of_alice = store_document(&database, alice).await.id;
    let of_bob = store_document(&database, bob).await.id;
    let with = |index, content: &str| NewZone { content: Some(content.into()), ..a_zone(1, index) };
    let zones = [
        with(0, "the heron stands"),
        with(1, "heron and heron and heron"),
        with(2, "only a stork"),
        with(3, "a heron, and a stork"),
    ];
    put(&database, of_alice, &[1], &zones).await;
    put(&database, of_bob, &[1], &[with(0, "the heron of bob")]).await;

    let tx = database.session(&as_user(alice)).begin().await.expect("a transaction");
    let search = async |text: &str| {
        let hits = tx.zones().search(text, &SearchFilter::default(), None, 50).await.expect("hits");
        let mut found: Vec<_> =
            hits.iter().map(|hit| (hit.document_id == of_alice, hit.zone_index)).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(search("heron").await, [(true, 0), (true, 1), (true, 3)]);
    assert_eq!(search("HERON -stork").await, [(true, 0), (true, 1)]);
    assert_eq!(search("\"a stork\"").await, [(true, 2), (true, 3)]);
    assert_eq!(search("stork or stands").await, [(true, 0), (true, 2), (true, 3)]);
    assert!(search("pelican").await.is_empty());

    let all = tx.zones().search("heron", &SearchFilter::default(), None, 50).await.expect("hits");
    assert_eq!(all[0].zone_index, 1, "three times is best");
    assert!(all[0].excerpt.contains("«heron»"), "{}", all[0].excerpt);
    let (mut parts, mut after) = (Vec::new(), None);
    while let Some(hit) =
        tx.zones().search("heron", &SearchFilter::default(), after, 1).await.expect("a hit").pop()
    {
        after = Some((hit.rank, hit.zone_id));
        parts.push(hit.zone_id);
    }
    assert_eq!(parts, all.iter().map(|hit| hit.zone_id).collect::<Vec<_>>());

    let everywhere = system(&database)
        .await
        .zones()
        .search("heron", &SearchFilter::default(), None, 50)
        .await
        .expect("hits");
    assert_eq!(everywhere.len(), 4, "the platform itself reads all");
    let tx = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    assert!(
        tx.zones().search("heron", &SearchFilter::default(), None, 50).await.expect("hits").is_empty(),
        "a stranger finds nothing"
    );
}

#[tokio::test]
async fn words_are_found_by_the_stems_of_their_language_and_each_as_it_stands() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let with = |index, language: Option<&str>, content: &str| NewZone {
        content: Some(content.into()),
        language: language.map(str::to_owned),
        ..a_zone(1 + index / 4, index)
    };
    let zones = [
        with(0, Some("de-CH"), "Das Haus steht am See"),
        with(1, Some("en"), "to be run or not to be"),
        with(2, None, "running without a language"),
        with(3, Some("en-GB"), "die of the Häuser"),
        with(4, Some("tlh"), "running in Klingon"),
        with(5, Some("de"), "running"),
    ];
    put(&database, document, &[1, 2], &zones).await;
    set_languages(&db, &zones).await;
    let tx = system(&database).await;
    let found = async |text: &str, filter: SearchFilter| {
        let hits = tx.zones().search(text, &filter, None, 50).await.expect("hits");
        let mut found: Vec<_> = hits.iter().map(|hit| hit.zone_index).collect();
        found.sort_unstable();
        found
    };
    let everywhere = SearchFilter::default;
    let of = |language: &str| SearchFilter { language: Some(language.into()), ..SearchFilter::default() };
    assert_eq!(found("Häuser", everywhere()).await, [0, 3], "the stem in German, the word elsewhere");
    assert_eq!(found("Haus", everywhere()).await, [0]);
    assert_eq!(found("running", everywhere()).await, [1, 2, 4, 5], "English run, and the word itself");
    assert_eq!(found("run", everywhere()).await, [1], "a stem of one language is no word of another");
    assert_eq!(found("\"to be\"", everywhere()).await, [1], "no word is too common to be found");
    assert_eq!(found("die", everywhere()).await, [3]);
    assert_eq!(found("running -Klingon", everywhere()).await, [1, 2, 5]);
    assert_eq!(found("running", of("de")).await, [5]);
    assert_eq!(found("Häuser", of("DE")).await, [0], "a language is its regions, too");
    assert_eq!(found("Häuser", of("de-CH")).await, [0]);
    assert_eq!(found("running", SearchFilter { page_number: Some(2), ..everywhere() }).await, [4, 5]);
    let elsewhere = SearchFilter { document_id: Some(DocumentId::new()), ..everywhere() };
    assert!(found("running", elsewhere).await.is_empty());
    let hits = tx.zones().search("Häuser", &of("de-CH"), None, 1).await.expect("a hit");
    assert_eq!(
        (hits[0].excerpt.as_str(), hits[0].language.as_deref()),
        ("Das «Haus» steht am See", Some("de-CH"))
    );
    assert!(of("d").checked().is_err() && of("de_CH").checked().is_err() && of("de-CH").checked().is_ok());
}

#[tokio::test]
async fn every_language_that_the_server_has_stems_for_is_tried_by_a_search() {
    let db = TestDatabase::migrated().await;
    let forgotten = "select cfgname::text from pg_ts_config where cfgname <> 'simple'
        except
        select regexp_replace(colophon.zone_text_config(l)::text, '^.*[.]', '')
        from regexp_matches(pg_get_functiondef('colophon.zone_text_query(text, text)'::regprocedure), 'und,(.*)[}]') m,
          unnest(string_to_array(m[1], ',')) l";
    let rows = db.client("postgres").await.query(forgotten, &[]).await.expect("names");
    let mut forgotten: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    // What came with a later PostgreSQL than the oldest that is served.
    forgotten.retain(|name| !["estonian", "polish", "esperanto"].contains(&name.as_str()));
    assert_eq!(forgotten, Vec::<String>::new());
}

#[tokio::test]
async fn a_transaction_is_one_change_and_what_was_before_is_kept() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    put(&database, document, &[1], &[a_zone(1, 0), a_zone(1, 1)]).await;

    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let change = NewChange { reason: Some("a typo".into()), ..NewChange::of(ChangeKind::Edit) };
    let revision = tx.changes().begin(document, &change).await.expect("a change");
    assert_eq!(
        tx.changes().begin(document, &NewChange::of(ChangeKind::Run)).await.expect("the same"),
        revision
    );
    tx.commit().await.expect("it commits");
    assert_eq!(revision, 2, "the bulk was the first");

    let client = db.client("postgres").await;
    let states = "select count(*), coalesce(max(until_revision), 0) from zone_history";
    let of_kind = |rows: Vec<tokio_postgres::Row>| -> (i64, i64) { (rows[0].get(0), rows[0].get(1)) };
    client
        .batch_execute("begin; update zones set content = 'a'; update zones set content = 'b'; commit")
        .await
        .expect("sql");
    assert_eq!(
        of_kind(client.query(states, &[]).await.expect("states")),
        (2, 3),
        "one step for a transaction"
    );
    client.batch_execute("delete from zones").await.expect("sql");
    assert_eq!(of_kind(client.query(states, &[]).await.expect("states")), (4, 4));
}
