//! A run takes the place of the last one and touches nothing that people did.

use colophon_db::Database;
use colophon_domain::{
    BoundingBox, CorrectionOutcome, DocumentId, Keep, NewZone, OutcomeFilter, UserId, Zone, ZoneFilter,
};
use colophon_service::run::{Replaces, Report, Run, settle, store};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};

pub const HEADING: &str = "Annual report of the harbour authority";
pub const FIRST: &str = "Traffic rose by a tenth, mostly in timber and grain, while coal went on falling.";
pub const SECOND: &str =
    "The dredging of the northern basin was finished in autumn and cost less than planned.";

/// A document, its owner, and what a tool said of it.
pub struct World {
    pub db: TestDatabase,
    pub database: Database,
    pub owner: UserId,
    pub document: DocumentId,
}

pub fn zone(zone_index: i32, y0: f64, y1: f64, content: &str) -> NewZone {
    NewZone {
        coordinates: Some(BoundingBox { x0: 72.0, y0, x1: 500.0, y1 }.into()),
        content: Some(content.into()),
        ..a_zone(1, zone_index)
    }
}

/// What the tool says of the page.
pub fn page() -> Vec<NewZone> {
    vec![zone(0, 60.0, 80.0, HEADING), zone(1, 100.0, 140.0, FIRST), zone(2, 150.0, 190.0, SECOND)]
}

/// The same with another text at a place.
pub fn page_with(at: usize, content: &str) -> Vec<NewZone> {
    let mut zones = page();
    zones[at].content = Some(content.into());
    zones
}

impl World {
    pub async fn new() -> Self {
        let db = TestDatabase::migrated().await;
        let database = db.database().await;
        let owner = UserId::new();
        let document = store_document(&database, owner).await.id;
        let world = Self { db, database, owner, document };
        let report = world.run(page()).await;
        assert_eq!((report.inserted, report.outcomes.len()), (3, 0));
        world
    }

    /// A run of a tool on the page.
    pub fn a_run(&self) -> Run {
        Run {
            document: self.document,
            version: None,
            pages: vec![1],
            tool: Some("a tool".into()),
            model: None,
            job: None,
            reason: None,
            replaces: Replaces::EveryTool,
        }
    }

    pub async fn run(&self, zones: Vec<NewZone>) -> Report {
        let run = self.a_run();
        let tx = self.database.session(&colophon_db::SystemScope::new()).begin().await.unwrap();
        let report = store(&tx, &run, zones).await.unwrap();
        tx.commit().await.unwrap();
        report
    }

    /// What the owner does with SQL of their own.
    pub async fn edit(&self, sql: &str) {
        self.db.client_of(self.owner).await.batch_execute(sql).await.unwrap();
    }

    async fn zones(&self) -> Vec<Zone> {
        let tx = self.database.session(&as_user(self.owner)).begin().await.unwrap();
        tx.zones().list(self.document, &ZoneFilter::default(), -1, 1_000).await.unwrap()
    }

    pub async fn contents(&self) -> Vec<String> {
        self.zones().await.into_iter().map(|zone| zone.content.unwrap_or_default()).collect()
    }

    async fn outcomes(&self, open: Option<bool>) -> Vec<CorrectionOutcome> {
        let tx = self.database.session(&as_user(self.owner)).begin().await.unwrap();
        let filter = OutcomeFilter { open, ..OutcomeFilter::default() };
        tx.correction_outcomes().list(self.document, &filter, None, 1_000).await.unwrap()
    }

    pub async fn waiting(&self) -> Vec<String> {
        self.outcomes(Some(true)).await.into_iter().map(|outcome| outcome.outcome).collect()
    }

    async fn settle(&self, outcome: &CorrectionOutcome, keep: Keep) {
        let tx = self.database.session(&as_user(self.owner)).begin().await.unwrap();
        let reason = Some("looked at the scan".to_owned());
        let settled = settle(&tx, self.document, outcome.id, keep, reason).await.unwrap();
        assert_eq!(settled.outcome.resolution.as_deref(), Some(keep.as_str()));
        assert_eq!(settled.outcome.resolved_by, Some(self.owner.to_string()));
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn a_run_that_says_the_same_writes_no_zone() {
    let world = World::new().await;
    let before = world.zones().await;
    let report = world.run(page()).await;
    assert_eq!((report.inserted, report.updated, report.unchanged, report.deleted), (0, 0, 3, 0));
    let after = world.zones().await;
    assert!(before.iter().zip(&after).all(|(b, a)| (b.id, b.revision) == (a.id, a.revision)));
}

#[tokio::test]
async fn a_run_that_says_the_same_writes_no_zone_whatever_the_digits_of_its_numbers() {
    let world = World::new().await;
    let mut rng = fastrand::Rng::with_seed(5);
    let mut next = || rng.f64() * 0.1;
    let odd: Vec<NewZone> = (0..200_i32)
        .map(|n| {
            let y0 = 3.0f64.mul_add(f64::from(n), next());
            let bounding_box =
                BoundingBox { x0: 72.0 + next(), y0, x1: 500.0 + next(), y1: y0 + 2.0 + next() };
            let metadata = serde_json::Map::from_iter([("size".to_owned(), next().into())]);
            let zone = zone(n, 0.0, 1.0, &format!("Line {n}"));
            NewZone { coordinates: Some(bounding_box.into()), metadata, ..zone }
        })
        .collect();
    world.run(odd.clone()).await;
    let report = world.run(odd).await;
    assert_eq!((report.inserted, report.updated, report.unchanged, report.deleted), (0, 0, 200, 0));
}

#[tokio::test]
async fn a_zone_that_is_found_again_keeps_its_id() {
    let world = World::new().await;
    let before: Vec<_> = world.zones().await.iter().map(|zone| zone.id).collect();
    let report = world.run(page_with(1, &FIRST.replace("tenth", "tcnth"))).await;
    assert_eq!((report.updated, report.unchanged), (1, 2));
    let after: Vec<_> = world.zones().await.iter().map(|zone| zone.id).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_corrected_text_is_kept_and_what_the_tool_says_is_known() {
    let world = World::new().await;
    world.edit("update zones set content = 'Mine' where zone_index = 1").await;
    let report = world.run(page()).await;
    assert_eq!(report.outcomes.into_iter().collect::<Vec<_>>(), [("kept", 1)]);
    // A letter read differently is no news.
    let noisy = FIRST.replace("tenth", "tcnth");
    world.run(page_with(1, &noisy)).await;
    let zones = world.zones().await;
    assert_eq!(zones[1].content.as_deref(), Some("Mine"));
    assert_eq!(zones[1].original.as_ref().unwrap()["content"], noisy.as_str());
    assert!(world.waiting().await.is_empty());
    let outcomes = world.outcomes(None).await;
    assert!(outcomes.iter().all(|outcome| outcome.correction_id.is_some()), "{outcomes:?}");
}

#[tokio::test]
async fn a_corrected_zone_that_moved_goes_on_with_its_text() {
    let world = World::new().await;
    world.edit("update zones set content = 'Mine' where zone_index = 1").await;
    let moved = page().into_iter().map(|zone| {
        let mut b = zone.coordinates.clone().unwrap().bounding_box;
        (b.y0, b.y1) = (b.y0 + 300.0, b.y1 + 300.0);
        NewZone { coordinates: Some(b.into()), ..zone }
    });
    let report = world.run(moved.collect()).await;
    assert_eq!(report.outcomes.into_iter().collect::<Vec<_>>(), [("moved", 1)]);
    let zone = world.zones().await.remove(1);
    assert_eq!((zone.content.as_deref(), &zone.coordinates["y0"]), (Some("Mine"), &400.0.into()));
}

#[tokio::test]
async fn news_of_a_corrected_text_is_a_conflict_that_waits_and_is_settled_either_way() {
    const NEWS: &str = "Something entirely different stands here now, says the tool.";
    for keep in [Keep::Yours, Keep::Theirs] {
        let world = World::new().await;
        world.edit("update zones set content = 'Mine' where zone_index = 1").await;
        world.run(page_with(1, NEWS)).await;
        assert_eq!(world.contents().await[1], "Mine", "the person's word is shown");
        assert_eq!(world.waiting().await, ["conflict"]);
        // The same once more is no other conflict, and does not settle the first.
        world.run(page_with(1, NEWS)).await;
        let waiting = world.outcomes(Some(true)).await;
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!(waiting[0].theirs.as_ref().unwrap()["content"], NEWS);
        assert_eq!(waiting[0].base.as_ref().unwrap()["content"], FIRST);
        world.settle(&waiting[0], keep).await;
        assert!(world.waiting().await.is_empty());
        let zone = world.zones().await.remove(1);
        match keep {
            Keep::Yours => assert_eq!(zone.content.as_deref(), Some("Mine")),
            _ => assert_eq!((zone.content.as_deref(), zone.original), (Some(NEWS), None)),
        }
    }
}

#[tokio::test]
async fn a_verified_zone_stays_verified_and_other_text_is_a_conflict() {
    let world = World::new().await;
    world.edit("update zones set status = 'verified' where zone_index = 1").await;
    world.run(page_with(1, &FIRST.replace("tenth", "tcnth"))).await;
    assert!(world.waiting().await.is_empty(), "noise");
    world.run(page_with(1, "Something entirely different stands here now.")).await;
    let zone = world.zones().await.remove(1);
    assert_eq!((zone.status.as_str(), zone.content.as_deref()), ("verified", Some(FIRST)));
    assert_eq!(world.waiting().await, ["conflict"]);
    let waiting = world.outcomes(Some(true)).await.remove(0);
    world.settle(&waiting, Keep::Theirs).await;
    let zone = world.zones().await.remove(1);
    assert_eq!(zone.status, "completed");
    assert_eq!(zone.content.as_deref(), Some("Something entirely different stands here now."));
}

#[tokio::test]
async fn a_corrected_zone_that_a_run_cuts_stays_and_the_parts_wait() {
    for keep in [Keep::Yours, Keep::Candidates] {
        let world = World::new().await;
        world.edit("update zones set content = 'Mine' where zone_index = 1").await;
        let mut cut = page();
        cut[2].zone_index = 3;
        cut[1] = zone(1, 100.0, 118.0, "Traffic rose by a tenth, mostly in timber and");
        cut.insert(2, zone(2, 120.0, 140.0, "grain, while coal went on falling."));
        world.run(cut).await;
        assert_eq!(world.contents().await, [HEADING, "Mine", SECOND]);
        assert_eq!(world.waiting().await, ["split"]);
        let waiting = world.outcomes(Some(true)).await.remove(0);
        assert_eq!(waiting.candidates.as_array().unwrap().len(), 2);
        world.settle(&waiting, keep).await;
        let expected: &[&str] = match keep {
            Keep::Yours => &[HEADING, "Mine", SECOND],
            _ => &[
                HEADING,
                "Traffic rose by a tenth, mostly in timber and",
                "grain, while coal went on falling.",
                SECOND,
            ],
        };
        assert_eq!(world.contents().await, expected);
        let zones = world.zones().await;
        assert!(zones.iter().all(|zone| zone.created_by.is_none()), "what a tool found is a tool's");
    }
}

#[tokio::test]
async fn corrected_zones_that_a_run_joins_stay_and_the_joined_one_waits() {
    let world = World::new().await;
    world.edit("update zones set zone_type = 'title' where zone_index = 1").await;
    let joined = vec![zone(0, 60.0, 80.0, HEADING), zone(1, 100.0, 190.0, &format!("{FIRST} {SECOND}"))];
    world.run(joined).await;
    assert_eq!(world.contents().await, [HEADING, FIRST, SECOND], "no text is lost");
    assert_eq!(world.waiting().await, ["merged"]);
    let waiting = world.outcomes(Some(true)).await.remove(0);
    assert_eq!(waiting.zone_ids.len(), 2);
    world.settle(&waiting, Keep::Theirs).await;
    assert_eq!(world.contents().await, [HEADING.to_owned(), format!("{FIRST} {SECOND}")]);
}

#[tokio::test]
async fn a_corrected_zone_that_is_not_found_stays_and_waits_until_it_is_found_again() {
    let world = World::new().await;
    world.edit("update zones set content = 'Mine' where zone_index = 1").await;
    let mut fewer = page();
    fewer.remove(1);
    let report = world.run(fewer.clone()).await;
    assert_eq!((report.deleted, report.waiting()), (0, 1));
    assert_eq!(world.contents().await, [HEADING, "Mine", SECOND]);
    assert_eq!(world.waiting().await, ["orphaned"]);
    world.run(page()).await;
    assert_eq!(world.contents().await, [HEADING, "Mine", SECOND]);
    assert!(world.waiting().await.is_empty(), "superseded");

    world.run(fewer).await;
    let waiting = world.outcomes(Some(true)).await.remove(0);
    world.settle(&waiting, Keep::Theirs).await;
    assert_eq!(world.contents().await, [HEADING, SECOND]);
}

#[tokio::test]
async fn what_a_person_deleted_does_not_come_again() {
    let world = World::new().await;
    world.edit("delete from zones where zone_index = 1").await;
    let report = world.run(page()).await;
    assert_eq!((report.inserted, report.outcomes.get("kept")), (0, Some(&1)));
    assert_eq!(world.contents().await, [HEADING, SECOND]);
    // What a run deleted may.
    world.run(page().drain(..1).collect()).await;
    assert_eq!(world.contents().await, [HEADING]);
    world.run(page()).await;
    assert_eq!(world.contents().await, [HEADING, SECOND]);
}

#[tokio::test]
async fn what_a_person_drew_stays_and_the_run_does_not_say_it_twice() {
    let world = World::new().await;
    let draw = format!(
        "insert into zones (document_id, zone_index, page_number, zone_type, coordinates, content)
         values ('{}', 3, 1, 'text', '{{\"x0\": 72, \"y0\": 700, \"x1\": 300, \"y1\": 712}}', 'Printed in Lübeck')",
        world.document
    );
    world.edit(&draw).await;
    world.run(page()).await;
    assert_eq!(world.contents().await, [HEADING, FIRST, SECOND, "Printed in Lübeck"]);
    let mut more = page();
    more.push(zone(3, 699.0, 713.0, "Printed in Lubeck"));
    more[3].coordinates = Some(BoundingBox { x0: 71.0, y0: 699.0, x1: 301.0, y1: 713.0 }.into());
    let report = world.run(more).await;
    assert_eq!((report.inserted, report.outcomes.get("kept")), (0, Some(&1)));
    assert_eq!(world.contents().await, [HEADING, FIRST, SECOND, "Printed in Lübeck"]);
}

#[tokio::test]
async fn zones_without_work_are_replaced_in_the_runs_order() {
    let world = World::new().await;
    let ids: Vec<_> = world.zones().await.iter().map(|zone| zone.id).collect();
    let mut turned = page();
    (turned[1].zone_index, turned[2].zone_index) = (2, 1);
    turned.push(zone(3, 600.0, 620.0, "A line that was not there before"));
    let report = world.run(turned).await;
    assert_eq!((report.inserted, report.updated, report.deleted), (1, 2, 0));
    let zones = world.zones().await;
    assert_eq!([zones[0].id, zones[1].id, zones[2].id], [ids[0], ids[2], ids[1]]);
    world.run(vec![zone(0, 400.0, 420.0, "Another page altogether")]).await;
    assert_eq!(world.contents().await, ["Another page altogether"]);
}

#[tokio::test]
async fn only_who_may_edit_delivers_a_run() {
    let world = World::new().await;
    let run = world.a_run();
    let tx = world.database.session(&as_user(UserId::new())).begin().await.unwrap();
    assert!(store(&tx, &run, page()).await.is_err());
    // The owner's delivery is a tool's word all the same.
    let tx = world.database.session(&as_user(world.owner)).begin().await.unwrap();
    let report =
        store(&tx, &run, page_with(1, "Something entirely different stands here now.")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((report.updated, report.unchanged), (1, 2));
    assert!(world.zones().await.iter().all(|zone| zone.original.is_none() && zone.created_by.is_none()));
}
