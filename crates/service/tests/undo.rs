//! Undoing on a real database: in whose name, with what around it, and how fast.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::time::Instant;

use colophon_db::{Database, ErrorKind, Scope, SystemScope};
use colophon_domain::{
    AsOf, ChangeKind, DocumentId, JobId, NewChange, NewZone, Strategy, UserId, ZoneFilter, ZoneId,
};
use colophon_service::Error;
use colophon_service::undo::{Selection, Undone, undo_in};
use colophon_testkit::{TestDatabase, a_zone, as_user, store_document};
use serde_json::{Value, json};

struct Filled {
    db: TestDatabase,
    database: Database,
    document: DocumentId,
    owner: UserId,
    job: JobId,
    zones: Vec<ZoneId>,
}

impl Filled {
    /// A document whose zones a run found: change 1.
    async fn with(count: i32) -> Self {
        let db = TestDatabase::migrated().await;
        let database = db.database().await;
        let owner = UserId::new();
        let document = store_document(&database, owner).await.id;
        let zones: Vec<NewZone> =
            (0..count).map(|n| NewZone { confidence: Some(0.5), ..a_zone(1 + n / 100, n) }).collect();
        let filled = Self {
            db,
            database,
            document,
            owner,
            job: JobId::new(),
            zones: zones.iter().map(|z| z.id).collect(),
        };
        filled.run(&zones).await;
        filled
    }

    async fn run(&self, zones: &[NewZone]) {
        let tx = self.database.session(&SystemScope::new()).begin().await.unwrap();
        let change = NewChange { job_id: Some(self.job), ..NewChange::of(ChangeKind::Run) };
        tx.changes().begin(self.document, &change).await.unwrap();
        tx.zones().replace_pages(self.document, 1, Strategy::TextLayer, &[], zones).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn undo<S: Scope>(&self, scope: &S, selection: Selection) -> Result<Undone, Error> {
        self.undo_or_look(scope, selection, false).await
    }

    async fn undo_or_look<S: Scope>(
        &self,
        scope: &S,
        selection: Selection,
        dry_run: bool,
    ) -> Result<Undone, Error> {
        let tx = self.database.session(scope).begin().await?;
        let undone = undo_in(&tx, self.document, &selection, Some("a test".into()), dry_run).await?;
        tx.commit().await?;
        Ok(undone)
    }

    /// Every zone with what of it can be undone, in reading order.
    async fn everything(&self) -> Vec<Value> {
        let sql = "select to_jsonb(z) - '{revision,zones_revision,updated_at}'::text[] from zones z order by zone_index, id";
        let client = self.db.client("postgres").await;
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn newest(&self) -> i64 {
        let tx = self.database.session(&SystemScope::new()).begin().await.unwrap();
        tx.changes().at(self.document, AsOf::Revision(0)).await.unwrap().newest
    }
}

fn revisions(revisions: &[i64]) -> Selection {
    Selection::Revisions(revisions.to_vec())
}

#[tokio::test]
async fn an_edit_that_is_undone_leaves_no_trace_but_in_the_history() {
    let filled = Filled::with(3).await;
    let owner = as_user(filled.owner);
    let before = filled.everything().await;
    let person = filled.db.client_of(filled.owner).await;
    let edit = "update zones set content = 'mine', zone_type = 'title', status = 'verified',
        coordinates = '{\"x0\": 1, \"y0\": 1, \"x1\": 2, \"y1\": 2}' where zone_index = 1";
    person.batch_execute(edit).await.unwrap();
    let edited = filled.everything().await;
    assert_eq!(edited[1]["original"]["content"], before[1]["content"]);

    let looked = filled.undo_or_look(&owner, revisions(&[2]), true).await.unwrap();
    assert_eq!((looked.revision, looked.changed, filled.newest().await), (None, 1, 2));
    assert_eq!(filled.everything().await, edited, "a look changes nothing");
    let undone = filled.undo(&owner, revisions(&[2])).await.unwrap();
    assert_eq!((undone.revision, undone.changed, undone.kept.len()), (Some(3), 1, 0));
    assert_eq!(filled.everything().await, before, "also what a tool says, and the status");
    let again = filled.undo(&owner, revisions(&[2])).await.unwrap();
    assert_eq!((again.revision, again.changed, filled.newest().await), (None, 0, 3), "nothing to be done");
    filled.undo(&owner, revisions(&[3])).await.unwrap();
    assert_eq!(filled.everything().await, edited, "an undoing can be undone");

    let asked = "select count(*) from user_corrections";
    let corrections: i64 = filled.db.client("postgres").await.query_one(asked, &[]).await.unwrap().get(0);
    assert_eq!(corrections, 4, "what people said stays on record, and undoing is no correction");
    let tx = filled.database.session(&owner).begin().await.unwrap();
    let changes = tx.changes().get_many(filled.document, &[2, 3, 4]).await.unwrap();
    let told: Vec<_> = changes.iter().map(|c| (c.kind.as_str(), c.undoes.as_slice(), c.undone)).collect();
    assert_eq!(told, [("edit", &[][..], false), ("undo", &[2], true), ("undo", &[3], false)]);
    assert_eq!(changes[1].changed_by, Some(filled.owner.to_string()));
    assert_eq!(changes[1].reason.as_deref(), Some("a test"));
}

#[tokio::test]
async fn a_run_is_undone_around_what_people_did_since() {
    let filled = Filled::with(4).await;
    let person = filled.db.client_of(filled.owner).await;
    let since: jiff::Timestamp = person.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
    person.batch_execute("update zones set content = 'mine' where zone_index = 1").await.unwrap();
    let part = format!(
        "insert into zones (document_id, zone_index, page_number, zone_type, coordinates, parent_id)
         values ('{}', 9, 1, 'note', '{{}}', '{}')",
        filled.document, filled.zones[2]
    );
    person.batch_execute(&part).await.unwrap();
    let full = filled.everything().await;

    let undone = filled.undo(&SystemScope::new(), Selection::Job(filled.job)).await.unwrap();
    assert_eq!((undone.revisions.as_slice(), undone.removed), ([1].as_slice(), 2));
    let mut kept: Vec<_> = undone.kept.iter().map(|k| (k.zone_id, k.field, k.revision)).collect();
    kept.sort_unstable();
    assert_eq!(kept, [(filled.zones[1], "content", Some(2)), (filled.zones[2], "zone", Some(3))]);
    assert_eq!(undone.kept_by.iter().map(|change| change.revision).collect::<Vec<_>>(), [2, 3]);
    let left: Vec<_> = filled.everything().await.iter().map(|zone| zone["zone_index"].clone()).collect();
    assert_eq!(left, [1, 2, 9]);

    filled.undo(&SystemScope::new(), revisions(&[4])).await.unwrap();
    assert_eq!(filled.everything().await, full);
    let by = Selection::Person { changed_by: filled.owner.to_string(), since };
    let undone = filled.undo(&SystemScope::new(), by).await.unwrap();
    assert_eq!((undone.revisions.as_slice(), undone.changed, undone.removed), ([2, 3].as_slice(), 1, 1));
    assert_eq!(filled.everything().await.len(), 4);
    assert!(filled.everything().await.iter().all(|zone| zone["original"].is_null()));
}

#[tokio::test]
async fn a_zone_comes_back_to_the_next_free_place_and_says_so() {
    let filled = Filled::with(3).await;
    let client = filled.db.client("service_role").await;
    let swap = "begin; delete from zones where zone_index = 1; update zones set zone_index = 1 where zone_index = 2; commit";
    client.batch_execute("delete from zones where zone_index = 0").await.unwrap();
    client.batch_execute(swap).await.unwrap();
    let other = format!(
        "insert into zones (document_id, zone_index, page_number, zone_type, coordinates)
         values ('{0}', 0, 1, 'note', '{{}}'), ('{0}', 3, 1, 'note', '{{}}')",
        filled.document
    );
    client.batch_execute(&other).await.unwrap();
    let undone = filled.undo(&as_user(filled.owner), revisions(&[2, 3])).await.unwrap();
    assert_eq!(undone.reindexed, [(filled.zones[0], 0, 4)]);
    let zones = filled.everything().await;
    let at = |index: usize| zones[index]["id"].as_str().unwrap().parse::<ZoneId>().unwrap();
    assert_eq!((zones.len(), at(1), at(2), at(4)), (5, filled.zones[1], filled.zones[2], filled.zones[0]));
}

#[tokio::test]
async fn who_may_not_edit_undoes_nothing_and_what_is_not_there_is_named() {
    let filled = Filled::with(1).await;
    let kind = |result: Result<Undone, Error>| match result.expect_err("a refusal") {
        Error::Database(error) => error.kind().clone(),
        other => panic!("{other:?}"),
    };
    let stranger = filled.undo(&as_user(UserId::new()), revisions(&[1])).await;
    assert_eq!(kind(stranger), ErrorKind::NotFound);
    let viewer = UserId::new();
    let share = format!(
        "insert into document_shares (document_id, role, user_id, created_by)
         values ('{}', 'viewer', '{viewer}', 'test')",
        filled.document
    );
    filled.db.client("postgres").await.batch_execute(&share).await.unwrap();
    assert_eq!(kind(filled.undo(&as_user(viewer), revisions(&[1])).await), ErrorKind::Forbidden);
    for (selection, field) in [(revisions(&[1, 9]), "revisions"), (revisions(&[]), "revisions")] {
        match filled.undo(&as_user(filled.owner), selection).await.expect_err("a refusal") {
            Error::Invalid(invalid) => assert_eq!(invalid.field, field),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((filled.newest().await, filled.everything().await.len()), (1, 1));
}

/// Histories of several zones, which hang together by place and parent.
#[tokio::test]
async fn any_history_can_be_undone_to_any_point_and_back() {
    let filled = Filled::with(6).await;
    let client = filled.db.client("service_role").await;
    let owner = as_user(filled.owner);
    let person = filled.db.client_of(filled.owner).await;
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let start = filled.newest().await;
        let before = filled.everything().await;
        for n in 0..random.usize(1..8) {
            let live = filled.everything().await;
            let pick = |random: &mut fastrand::Rng| random.choice(&live).map(|zone| zone["id"].clone());
            let (Some(one), Some(other)) = (pick(&mut random), pick(&mut random)) else { break };
            let (one, other) = (one.as_str().unwrap(), other.as_str().unwrap());
            let place = 100 + 100 * seed + u64::try_from(n).unwrap();
            let document = filled.document;
            let deed = match random.u8(0..6) {
                0 => format!("update zones set content = 'said {seed}.{n}' where id = '{one}'"),
                1 => format!("delete from zones where id = '{one}' and not exists
                    (select from zones c where c.parent_id = '{one}')"),
                2 => format!("insert into zones (document_id, zone_index, page_number, zone_type, coordinates, parent_id)
                    values ('{document}', {place}, 1, 'text', '{{}}', '{one}')"),
                3 => format!("update zones set zone_index = {place} where id = '{one}'"),
                4 => format!("update zones set parent_id = '{other}' where id = '{one}' and id <> '{other}' and
                    not exists (select from zones c where c.id = '{other}' and c.parent_id is not null)"),
                _ => format!("update zones set metadata = '{{\"n\": {n}}}', confidence = 0.{n}1 where zone_index >= {}",
                    random.u8(0..6)),
            };
            let by = if random.bool() { &client } else { &person };
            by.batch_execute(&deed).await.unwrap_or_else(|error| panic!("{deed}: {error:?}"));
        }
        let after = filled.everything().await;
        let all: Vec<i64> = (start + 1..=filled.newest().await).collect();
        if all.is_empty() {
            continue;
        }
        let some: Vec<i64> = all.iter().copied().filter(|_| random.bool()).collect();
        if !some.is_empty()
            && let Some(undo) = filled.undo(&owner, revisions(&some)).await.unwrap().revision
        {
            filled.undo(&owner, revisions(&[undo])).await.unwrap();
            assert_eq!(filled.everything().await, after, "seed {seed}: {some:?} undone and back");
        }
        filled.undo(&owner, revisions(&all)).await.unwrap();
        assert_eq!(filled.everything().await, before, "seed {seed}: all undone");
        filled.undo(&owner, revisions(&[filled.newest().await])).await.unwrap();
    }
    let tx = filled.database.session(&owner).begin().await.unwrap();
    let moment = tx.changes().at(filled.document, AsOf::Revision(1)).await.unwrap();
    let every = ZoneFilter::default();
    assert_eq!(tx.zone_history().zones(filled.document, moment, &every, -1, 100).await.unwrap().len(), 6);
}

/// How long it takes is printed, and judged by people: a test is no benchmark.
#[tokio::test]
async fn a_run_of_5000_zones_is_undone_and_the_undoing_too() {
    let filled = Filled::with(5_000).await;
    let before = filled.everything().await;
    let owner = as_user(filled.owner);
    for (what, revision) in
        [("deleted", 1), ("brought back", 2), ("deleted again", 3), ("brought back again", 4)]
    {
        let start = Instant::now();
        let undone = filled.undo(&owner, revisions(&[revision])).await.unwrap();
        println!("5,000 zones {what} in {:?}", start.elapsed());
        assert_eq!(undone.removed + undone.restored, 5_000);
    }
    assert_eq!(filled.everything().await, before);
    let client = filled.db.client("service_role").await;
    let start = Instant::now();
    client.batch_execute("update zones set content = content || '!'").await.unwrap();
    println!("5,000 zones changed by one bare UPDATE in {:?}", start.elapsed());
    let start = Instant::now();
    let tx = filled.database.session(&owner).begin().await.unwrap();
    let states =
        tx.zone_history().touched(filled.document, &[6], ZoneId(uuid::Uuid::nil()), 5000).await.unwrap();
    println!("{} states in {:?}", states.len(), start.elapsed());
    let start = Instant::now();
    let undone = filled.undo(&owner, revisions(&[6])).await.unwrap();
    println!("5,000 zones changed back in {:?}", start.elapsed());
    assert_eq!(undone.changed, 5_000);
    assert_eq!((filled.everything().await, json!(undone.kept.len())), (before, json!(0)));
}
