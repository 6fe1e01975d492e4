//! What people said of tools' zones, counted once for each zone.

use colophon_domain::calibration::calibrate;
use colophon_domain::{CalibrationFilter, ChangeKind, NewChange, NewZone, Strategy, UserId, Verdicts};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};

use crate::system;

#[tokio::test]
async fn a_zone_counts_once_by_what_its_tool_said_and_what_was_undone_does_not() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let zones: Vec<NewZone> = [0.95, 0.95, 0.95, 1.0, 0.3, 0.35]
        .into_iter()
        .zip(0..)
        .map(|(confidence, index)| NewZone { confidence: Some(confidence), ..a_zone(1, index) })
        .collect();
    let tx = system(&database).await;
    tx.zones().replace_pages(document, 1, Strategy::TextLayer, &[1], &zones).await.expect("zones");
    tx.commit().await.expect("it commits");
    let person = db.client_of(owner).await;
    for change in [
        // Accepted; changed twice, its type first; changed and accepted; deleted; accepted; left alone.
        "update zones set status = 'verified' where zone_index = 0",
        "update zones set zone_type = 'title' where zone_index = 1",
        "update zones set content = 'x' where zone_index = 1",
        "update zones set content = 'x' where zone_index = 2",
        "update zones set status = 'verified' where zone_index = 2",
        "delete from zones where zone_index = 3",
        "update zones set status = 'verified' where zone_index = 4",
    ] {
        assert_eq!(person.execute(change, &[]).await.expect(change), 1, "{change}");
    }
    let verdicts = async |filter: CalibrationFilter| {
        let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
        tx.calibration().verdicts(&filter).await.expect("verdicts")
    };
    let counts = |verdicts: Vec<Verdicts>| {
        let mut counts: Vec<_> = verdicts.iter().map(|v| (v.bucket, v.verdicts, v.changed)).collect();
        counts.sort_unstable();
        counts
    };
    let all = verdicts(CalibrationFilter::default()).await;
    assert!(all.iter().all(|v| v.processing_tool.as_deref() == Some("text-layer")), "{all:?}");
    assert!(all.iter().all(|v| v.zone_type.as_deref() == Some("text")), "as the tool called it: {all:?}");
    let top = &calibrate(&all)[0];
    let of_top = top.buckets.last().expect("a tenth");
    assert_eq!((of_top.from, of_top.to, of_top.verdicts, of_top.changed), (0.9, 1.0, 4, 3));
    assert_eq!(counts(all), [(3, 1, 0), (9, 4, 3)]);
    let of_type =
        |zone_type: &str| CalibrationFilter { zone_type: Some(zone_type.into()), ..Default::default() };
    assert!(verdicts(of_type("title")).await.is_empty());
    let of_tool = CalibrationFilter { processing_tool: Some("another".into()), ..Default::default() };
    assert!(verdicts(of_tool).await.is_empty());
    let later = CalibrationFilter { since: Some(jiff::Timestamp::MAX), ..Default::default() };
    assert!(verdicts(later).await.is_empty());

    // The deletion, which was the sixth change after the bulk's, is undone; then its undoing is.
    let undo = async |revision: i64| {
        let tx = system(&database).await;
        let change = NewChange { undoes: vec![revision], ..NewChange::of(ChangeKind::Undo) };
        let undone = tx.changes().begin(document, &change).await.expect("a change");
        tx.commit().await.expect("it commits");
        undone
    };
    let deletion = db.client("postgres").await;
    let sql = "select zones_revision from user_corrections where correction_type = 'delete'";
    let deletion: i64 = deletion.query_one(sql, &[]).await.expect("a correction").get(0);
    let undoing = undo(deletion).await;
    assert_eq!(counts(verdicts(CalibrationFilter::default()).await), [(3, 1, 0), (9, 3, 2)]);
    undo(undoing).await;
    assert_eq!(counts(verdicts(CalibrationFilter::default()).await), [(3, 1, 0), (9, 4, 3)]);

    let stranger = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    let seen = stranger.calibration().verdicts(&CalibrationFilter::default()).await.expect("verdicts");
    assert!(seen.is_empty(), "not for a stranger");
    let everything = system(&database).await;
    let seen = everything.calibration().verdicts(&CalibrationFilter::default()).await.expect("verdicts");
    assert_eq!(counts(seen), [(3, 1, 0), (9, 4, 3)]);
}
