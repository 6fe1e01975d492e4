//! The history of zones: a document as it was, what differs, which changes are undone.

use std::collections::BTreeSet;

use colophon_db::{Database, ErrorKind};
use colophon_domain::zone_history::FIELDS;
use colophon_domain::{
    AsOf, ChangeFilter, ChangeKind, DocumentId, NewChange, NewZone, Strategy, UserId, Zone, ZoneFilter,
    ZoneId,
};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};
use tokio_postgres::Client;

use crate::system;

/// A document with three zones, its owner and a plain connection of the platform.
async fn filled(db: &TestDatabase, database: &Database) -> (DocumentId, UserId, Vec<ZoneId>, Client) {
    let owner = UserId::new();
    let document = store_document(database, owner).await.id;
    let zones: Vec<NewZone> = (0..3).map(|index| a_zone(1, index)).collect();
    let ids = zones.iter().map(|zone| zone.id).collect();
    let tx = system(database).await;
    tx.zones().replace_pages(document, 1, Strategy::TextLayer, &[1], &zones).await.expect("zones");
    tx.commit().await.expect("it commits");
    (document, owner, ids, db.client("service_role").await)
}

/// What a reader of a zone sees.
fn seen(zones: &[Zone]) -> Vec<(i32, ZoneId, String, Option<String>, i64)> {
    zones.iter().map(|z| (z.zone_index, z.id, z.zone_type.clone(), z.content.clone(), z.revision)).collect()
}

async fn listed(database: &Database, document: DocumentId) -> Vec<Zone> {
    let every = ZoneFilter::default();
    system(database).await.zones().list(document, &every, -1, 1_000).await.expect("zones")
}

async fn as_of(database: &Database, document: DocumentId, as_of: AsOf, part: i64) -> Vec<Zone> {
    let tx = system(database).await;
    let moment = tx.changes().at(document, as_of).await.expect("a moment");
    let (mut zones, mut after) = (Vec::new(), -1);
    loop {
        let every = ZoneFilter::default();
        let more = tx.zone_history().zones(document, moment, &every, after, part).await.expect("zones");
        let Some(last) = more.last() else { return zones };
        after = last.zone_index;
        zones.extend(more);
    }
}

#[tokio::test]
async fn a_document_as_of_any_revision_or_time_is_what_was_listed_then() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, _, _, client) = filled(&db, &database).await;
    let mut then = vec![(0, Vec::new()), (1, listed(&database, document).await)];
    let mut times = vec![];
    deeds_of_every_sort(&client, &database, document, &mut then, &mut times).await;
    for (revision, expected) in &then {
        for part in [1, 2, 100] {
            let found = as_of(&database, document, AsOf::Revision(*revision), part).await;
            assert_eq!(seen(&found), seen(expected), "as of {revision}, {part} at a time");
        }
    }
    for (time, revision) in &times {
        let tx = system(&database).await;
        let moment = tx.changes().at(document, AsOf::Time(*time)).await.expect("a moment");
        assert_eq!((moment.revision, moment.newest), (*revision, then[then.len() - 1].0));
    }
    let tx = system(&database).await;
    let before = tx.changes().at(document, AsOf::Time(jiff::Timestamp::UNIX_EPOCH)).await.expect("a moment");
    assert_eq!(before.revision, 0);
    let missing = tx.changes().at(DocumentId::new(), AsOf::Revision(0)).await.expect_err("nothing");
    assert_eq!(missing.kind(), &ErrorKind::NotFound);
}

/// Changes of every sort, each with what is listed and the time after it.
async fn deeds_of_every_sort(
    client: &Client,
    database: &Database,
    document: DocumentId,
    then: &mut Vec<(i64, Vec<Zone>)>,
    times: &mut Vec<(jiff::Timestamp, i64)>,
) {
    let id = "00000000-0000-7000-8000-000000000099";
    for (revision, deed) in (2..).zip([
        "update zones set content = 'a' where zone_index = 0",
        "update zones set content = content || '!', zone_type = 'title' where zone_index < 2",
        "delete from zones where zone_index = 1",
        &format!(
            "insert into zones (document_id, id, zone_index, page_number, zone_type, coordinates)
             values ('{document}', '{id}', 1, 1, 'note', '{{}}')"
        ),
        "update zones set zone_index = 7 where zone_index = 1",
        &format!("delete from zones where id = '{id}'"),
        &format!(
            "begin; delete from zones where zone_index = 0; insert into zones
             (document_id, id, zone_index, page_number, zone_type, coordinates)
             values ('{document}', '{id}', 0, 1, 'again', '{{}}'); commit"
        ),
        "update zones set content = 'b'",
    ]) {
        client.batch_execute(deed).await.unwrap_or_else(|error| panic!("{deed}: {error:?}"));
        then.push((revision, listed(database, document).await));
        times.push((
            client.query_one("select clock_timestamp()", &[]).await.expect("a time").get(0),
            revision,
        ));
    }
}

#[tokio::test]
async fn a_zone_that_comes_back_goes_on_counting_its_revisions() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, owner, zones, client) = filled(&db, &database).await;
    let of = format!("document_id = '{document}' and id = '{}'", zones[0]);
    client.batch_execute(&format!("update zones set content = 'a' where {of}")).await.expect("an edit");
    let person = db.client_of(owner).await;
    person.batch_execute(&format!("delete from zones where {of}")).await.expect("a deletion");
    let again = format!(
        "insert into zones (document_id, id, zone_index, page_number, zone_type, coordinates)
         values ('{document}', '{}', 0, 1, 'text', '{{}}')",
        zones[0]
    );
    person.batch_execute(&again).await.expect("it comes back");
    let zone =
        system(&database).await.zones().get(document, zones[0]).await.expect("read").expect("it is there");
    assert_eq!(zone.revision, 3, "an ETag names one state for ever");

    let tx = system(&database).await;
    let states = tx.zone_history().list(document, zones[0], None, 10).await.expect("states");
    let lived: Vec<_> = states.iter().map(|state| (state.zones_revision, state.until_revision)).collect();
    assert_eq!(lived, [(4, None), (2, Some(3)), (1, Some(2))]);
    let part = tx.zone_history().list(document, zones[0], Some(4), 1).await.expect("states");
    assert_eq!(part, states[1..2]);
}

#[tokio::test]
async fn what_differs_between_two_revisions_is_told_once_with_both_states() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, _, zones, client) = filled(&db, &database).await;
    let box_of = r#"{"x0": 1, "y0": 2, "x1": 3, "y1": 4}"#;
    for deed in [
        "update zones set content = 'a' where zone_index = 0".to_owned(),
        "update zones set content = 'b', confidence = 0.5 where zone_index = 0".to_owned(),
        "update zones set content = 'x' where zone_index = 1".to_owned(),
        "update zones set content = 'line 1 of page 1' where zone_index = 1".to_owned(),
        format!("update zones set coordinates = '{box_of}', zone_type = 'title' where zone_index = 2"),
        format!(
            "insert into zones (document_id, zone_index, page_number, zone_type, coordinates)
             values ('{document}', 5, 1, 'note', '{{}}')"
        ),
        "delete from zones where zone_index = 2".to_owned(),
    ] {
        client.batch_execute(&deed).await.unwrap_or_else(|error| panic!("{deed}: {error:?}"));
    }
    let tx = system(&database).await;
    let told = async |span| {
        let list = tx.zone_history().diff(document, span, None, 100).await.expect("a difference");
        list.items
            .iter()
            .map(|diff| (diff.zone_id, diff.kinds().join(" ")))
            .filter(|(id, _)| zones.contains(id))
            .collect::<Vec<_>>()
    };
    let of = |zone: usize, kinds: &str| (zones[zone], kinds.to_owned());
    assert_eq!(told((1, 2)).await, [of(0, "retexted")]);
    assert_eq!(told((1, 8)).await, [of(0, "retexted other"), of(2, "removed")], "1 came back to itself");
    assert_eq!(told((5, 7)).await, [of(2, "retyped moved")]);
    assert_eq!(told((0, 1)).await, [of(0, "added"), of(1, "added"), of(2, "added")]);
    assert_eq!(told((4, 4)).await, []);

    let counts = tx.zone_history().diff_counts(document, (1, 8)).await.expect("counts");
    assert_eq!((counts.added, counts.removed, counts.changed), (1, 1, 1));
    assert_eq!((counts.retexted, counts.retyped, counts.moved), (1, 0, 0));
    let (mut parts, mut after) = (Vec::new(), None);
    loop {
        let part = tx.zone_history().diff(document, (0, 8), after, 1).await.expect("a part");
        parts.extend(part.items);
        after = part.next_cursor;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(parts, tx.zone_history().diff(document, (0, 8), None, 100).await.expect("all").items);
}

#[tokio::test]
async fn a_change_is_undone_until_its_undoing_is() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, owner, _, client) = filled(&db, &database).await;
    for undoes in [vec![1], vec![2], vec![2, 3], vec![]] {
        let tx = system(&database).await;
        let kind = if undoes.is_empty() { ChangeKind::Edit } else { ChangeKind::Undo };
        let change = NewChange { undoes, ..NewChange::of(kind) };
        tx.changes().begin(document, &change).await.expect("a change");
        tx.commit().await.expect("it commits");
    }
    // 2 undid 1, 3 undid 2, 4 undid 2 and 3: so 2 and 3 are undone, and 1 is in effect.
    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let changes = tx.changes().list(document, &ChangeFilter::default(), None, 10).await.expect("changes");
    let undone: Vec<_> = changes.items.iter().filter(|c| c.undone).map(|c| c.revision).collect();
    assert_eq!(undone, [3, 2]);
    let asked = "select colophon.is_undone($1, 1), colophon.is_undone($1, 2)";
    let row = client.query_one(asked, &[&document.0]).await.expect("an answer");
    assert_eq!((row.get(0), row.get(1)), (false, true));

    let filter = ChangeFilter { kind: Some(ChangeKind::Undo), ..Default::default() };
    let part = tx.changes().list(document, &filter, None, 2).await.expect("changes");
    assert_eq!(part.items.iter().map(|c| c.revision).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(part.next_cursor, Some(3));
    let part = tx.changes().list(document, &filter, part.next_cursor, 2).await.expect("changes");
    assert_eq!((part.items.len(), part.next_cursor), (1, None));
    let tx = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    let changes = tx.changes().list(document, &ChangeFilter::default(), None, 10).await.expect("changes");
    assert!(changes.items.is_empty(), "a stranger sees none");
}

#[tokio::test]
async fn every_column_of_a_zone_can_be_undone_or_says_which_zone_it_is() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    let columns = "select attname::text from pg_attribute
        where attrelid = 'public.zones'::regclass and attnum > 0 and not attisdropped";
    let rows = client.query(columns, &[]).await.expect("columns");
    let columns: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let identity = ["document_id", "id", "version", "created_at", "updated_at", "revision", "zones_revision"];
    let known = FIELDS.iter().chain(&identity).map(|name| (*name).to_owned()).collect();
    assert_eq!(
        columns, known,
        "crates/domain/src/zone_history.rs and crates/db/src/undo/*.sql name them all"
    );
}
