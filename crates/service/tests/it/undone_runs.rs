//! A run over people's work is undone: everything is as it was before it, and the undoing can be undone.

use colophon_domain::{BoundingBox, JobId, NewZone, ZoneId};
use colophon_service::run::{Report, Run, store};
use colophon_service::undo::{Selection, Undone, undo_in};
use colophon_testkit::as_user;
use serde_json::Value;

use crate::runs::{FIRST, HEADING, SECOND, World, page, page_with, zone};

/// What a person did to the page.
const WORK: &str = "update zones set content = 'Mine' where zone_index = 1;
    update zones set zone_type = 'title', status = 'verified' where zone_index = 0";
const NEWS: &str = "Something entirely different stands here now, says the tool.";

impl World {
    async fn run_of(&self, job: JobId, zones: Vec<NewZone>) -> Report {
        let run = Run { job: Some(job), ..self.a_run() };
        let tx = self.database.session(&colophon_db::SystemScope::new()).begin().await.unwrap();
        let report = store(&tx, &run, zones).await.unwrap();
        tx.commit().await.unwrap();
        report
    }

    async fn undo(&self, selection: Selection) -> Undone {
        let tx = self.database.session(&as_user(self.owner)).begin().await.unwrap();
        let undone = undo_in(&tx, self.document, &selection, None, false).await.unwrap();
        tx.commit().await.unwrap();
        assert!(undone.kept.is_empty() && undone.reindexed.is_empty(), "{undone:?}");
        undone
    }

    /// Every zone with all that can be undone of it.
    async fn everything(&self) -> Vec<Value> {
        let sql = "select to_jsonb(z) - '{revision,zones_revision,updated_at}'::text[] from zones z order by zone_index, id";
        let client = self.db.client("postgres").await;
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

/// Deliveries that do something to the corrected zone 1 each, and what waits for a person then.
fn deliveries() -> Vec<(&'static str, Vec<NewZone>, &'static [&'static str])> {
    let moved = page().into_iter().map(|zone| {
        let mut b = zone.coordinates.clone().unwrap().bounding_box;
        (b.y0, b.y1) = (b.y0 + 300.0, b.y1 + 300.0);
        NewZone { coordinates: Some(b.into()), confidence: Some(0.5), ..zone }
    });
    let mut cut = page();
    cut[2].zone_index = 3;
    cut[1] = zone(1, 100.0, 118.0, "Traffic rose by a tenth, mostly in timber and");
    cut.insert(2, zone(2, 120.0, 140.0, "grain, while coal went on falling."));
    let joined = vec![zone(0, 60.0, 80.0, HEADING), zone(1, 100.0, 190.0, &format!("{FIRST} {SECOND}"))];
    let mut turned = page();
    (turned[1].zone_index, turned[2].zone_index) = (2, 1);
    turned.push(zone(3, 600.0, 620.0, "A line that was not there before"));
    let mut gone = page();
    gone.remove(1);
    let fresh = |zones: Vec<NewZone>| -> Vec<NewZone> {
        zones.into_iter().map(|zone| NewZone { id: ZoneId::new(), ..zone }).collect()
    };
    vec![
        ("moved", fresh(moved.collect()), &[]),
        ("cut", fresh(cut), &["split"]),
        ("joined", fresh(joined), &["merged"]),
        ("turned", fresh(turned), &[]),
        ("not found", fresh(gone), &["orphaned"]),
        ("other text", page_with(1, NEWS), &["conflict"]),
        ("noise", page_with(1, &FIRST.replace("tenth", "tcnth")), &[]),
        ("another page", vec![zone(0, 400.0, 420.0, "Another page altogether")], &["orphaned"; 3]),
    ]
}

#[tokio::test]
async fn a_run_over_corrected_zones_is_undone_to_the_letter_and_so_is_its_undoing() {
    for by_job in [false, true] {
        for (name, zones, waiting) in deliveries() {
            let world = World::new().await;
            world.edit(WORK).await;
            let before = world.everything().await;
            let job = JobId::new();
            let report = world.run_of(job, zones).await;
            let after = world.everything().await;
            assert!(after != before || !waiting.is_empty(), "{name}");
            assert_eq!(world.waiting().await, waiting, "{name}");

            let selection =
                if by_job { Selection::Job(job) } else { Selection::Revisions(vec![report.revision]) };
            let undone = world.undo(selection).await;
            assert_eq!(undone.revisions, [report.revision], "{name}");
            assert_eq!(world.everything().await, before, "{name} undone");
            assert!(world.waiting().await.is_empty(), "{name}: nothing of an undone run waits");

            let redone = world.undo(Selection::Revisions(vec![undone.revision.unwrap()])).await;
            assert_eq!(world.everything().await, after, "{name} done again");
            assert_eq!(world.waiting().await, waiting, "{name}: what waited waits again");
            world.undo(Selection::Revisions(vec![redone.revision.unwrap()])).await;
            assert_eq!(world.everything().await, before, "{name} undone again");
            assert!(world.waiting().await.is_empty(), "{name}: and no longer");
        }
    }
}

#[tokio::test]
async fn a_job_that_delivered_in_several_goes_is_undone_as_one() {
    let world = World::new().await;
    world.edit(WORK).await;
    let before = world.everything().await;
    let job = JobId::new();
    world.run_of(job, page_with(1, NEWS)).await;
    world.run_of(job, page_with(2, NEWS)).await;
    let undone = world.undo(Selection::Job(job)).await;
    assert_eq!(undone.revisions.len(), 2);
    assert_eq!(world.everything().await, before);
    assert!(world.waiting().await.is_empty());
}

#[tokio::test]
async fn what_waited_before_a_run_waits_again_when_it_is_undone() {
    let world = World::new().await;
    world.edit(WORK).await;
    world.run(page_with(1, NEWS)).await;
    assert_eq!(world.waiting().await, ["conflict"]);
    let report = world.run(page()).await;
    let waiting = world.waiting().await;
    world.undo(Selection::Revisions(vec![report.revision])).await;
    assert_eq!(world.waiting().await, ["conflict"], "before it was undone: {waiting:?}");
}

#[tokio::test]
async fn what_people_did_after_a_run_stays_when_it_is_undone() {
    let world = World::new().await;
    world.edit(WORK).await;
    let mut more = page_with(2, "The dredging of the southern basin was finished in spring and cost more.");
    more.push(NewZone {
        coordinates: Some(BoundingBox { x0: 72.0, y0: 600.0, x1: 500.0, y1: 620.0 }.into()),
        ..zone(3, 600.0, 620.0, "A line that was not there before")
    });
    let report = world.run(more).await;
    assert_eq!(report.inserted, 1);
    world.edit("update zones set content = 'Mine, later' where zone_index in (1, 3)").await;
    let tx = world.database.session(&as_user(world.owner)).begin().await.unwrap();
    let selection = Selection::Revisions(vec![report.revision]);
    let undone = undo_in(&tx, world.document, &selection, None, false).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.contents().await, [HEADING, "Mine, later", SECOND, "Mine, later"]);
    assert_eq!(undone.kept.len(), 1, "the line that somebody made something of: {undone:?}");
}
