//! Who comes first: owners take turns, priorities do not starve, limits hold, and the dead cost nothing.

use std::collections::HashMap;

use colophon_db::queue::{Claim, ClaimedJob, Class, Position};
use colophon_db::{Database, SystemScope, Tx};
use colophon_domain::{DocumentId, JobId, NewJob, Units, UserId};
use colophon_testkit::{TestDatabase, store_document};
use futures_util::future::join_all;

use crate::jobs::{classes, complete, look};
use crate::system;

const NOOP: &[&str] = &["noop"];

/// So many jobs for a document, each for its first page.
pub async fn enqueue(database: &Database, document: DocumentId, count: usize, priority: i16) -> Vec<JobId> {
    let job = || NewJob { priority, units: Units::Pages(vec![1]), ..NewJob::new(document, 1, "noop") };
    let jobs: Vec<NewJob> = (0..count).map(|_| job()).collect();
    let tx = system(database).await;
    for part in jobs.chunks(1_000) {
        let live = tx.jobs().enqueue_many(part).await.expect("jobs");
        assert!(live.iter().all(|job| job.live == Some(job.asked)));
    }
    tx.commit().await.expect("it commits");
    jobs.iter().map(|job| job.id).collect()
}

async fn claim(database: &Database, limit: i64) -> Vec<ClaimedJob> {
    let tx = system(database).await;
    let claimed = look(&tx, &classes("default", NOOP), limit, "w").await;
    tx.commit().await.expect("it commits");
    claimed
}

async fn end(database: &Database, jobs: &[ClaimedJob]) {
    let tx = system(database).await;
    for job in jobs {
        assert!(complete(&tx, job.lease).await);
    }
    tx.commit().await.expect("it commits");
}

/// Says where the turns stand, as a worker does now and then.
async fn say(tx: &Tx<SystemScope>, jobs: &[ClaimedJob]) {
    let last = jobs.iter().max_by_key(|job| job.position).expect("one");
    tx.queue().advance(&[(last.class.clone(), last.position)]).await.expect("said");
}

#[tokio::test]
async fn forty_thousand_jobs_of_one_owner_do_not_delay_anothers_first() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let many = store_document(&database, UserId::new()).await.id;
    enqueue(&database, many, 40_000, 2).await;
    // The queue has been worked on for a while.
    let first = claim(&database, 50).await;
    assert!(first.iter().all(|job| job.document_id == many));
    let tx = system(&database).await;
    say(&tx, &first).await;
    tx.commit().await.expect("it commits");

    let few = store_document(&database, UserId::new()).await.id;
    enqueue(&database, few, 3, 2).await;
    let order: Vec<bool> = {
        let mut claimed = claim(&database, 60).await;
        claimed.sort_by_key(|job| job.position);
        let tx = system(&database).await;
        say(&tx, &claimed).await;
        tx.commit().await.expect("it commits");
        claimed.iter().map(|job| job.document_id == few).collect()
    };
    assert_eq!(order.iter().filter(|is_of_few| **is_of_few).count(), 3, "all three are among the next sixty");
    assert!(order[..2].contains(&true), "the first of them is first or second: {order:?}");

    // And the many are not starved by a stream of others.
    let mut shares = [0, 0];
    for _ in 0..20 {
        enqueue(&database, few, 2, 2).await;
        let claimed = claim(&database, 2).await;
        let tx = system(&database).await;
        say(&tx, &claimed).await;
        tx.commit().await.expect("it commits");
        for job in &claimed {
            shares[usize::from(job.document_id == many)] += 1;
        }
        end(&database, &claimed).await;
    }
    assert!(shares.iter().all(|share| *share >= 10), "each has its share: {shares:?}");
}

#[tokio::test]
async fn one_by_one_or_in_bulk_a_job_stands_in_the_same_line() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let mut asked = enqueue(&database, document, 2, 2).await;
    let tx = system(&database).await;
    for _ in 0..2 {
        let job = NewJob::new(document, 1, "noop");
        asked.push(job.id);
        tx.jobs().enqueue(&job).await.expect("a job");
    }
    tx.commit().await.expect("it commits");
    asked.extend(enqueue(&database, document, 2, 2).await);
    for id in asked {
        assert_eq!(claim(&database, 1).await[0].lease.job_id, id);
    }
}

#[tokio::test]
async fn what_is_urgent_comes_first_and_what_waited_long_has_every_fourth_turn() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    enqueue(&database, document, 4, 4).await;
    enqueue(&database, document, 4, 1).await;
    let aged = "update job_queue set run_at = run_at - interval '2 minutes' where priority = 4";
    db.client("postgres").await.batch_execute(aged).await.expect("time passes");
    let classes = classes("default", NOOP);
    let mut order = Vec::new();
    for round in 0..4 {
        let claim =
            Claim { classes: &classes, limit: 1, lease_seconds: 60.0, worker: "w", oldest_first: round == 3 };
        let tx = system(&database).await;
        order.push(tx.queue().claim(&claim).await.expect("a look")[0].class.priority);
        tx.commit().await.expect("it commits");
    }
    assert_eq!(order, [1, 1, 1, 4]);
}

#[tokio::test]
async fn a_job_that_was_long_to_commit_is_found_by_a_look_from_the_start() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    // It stands where the turns were when it was queued.
    let late = system(&database).await;
    late.jobs().enqueue_many(&[NewJob::new(document, 1, "noop")]).await.expect("a job");
    let tx = system(&database).await;
    let class = Class { queue: "default".into(), strategy: "noop".into(), priority: 2 };
    tx.queue().advance(&[(class.clone(), 70)]).await.expect("said");
    tx.commit().await.expect("it commits");
    late.commit().await.expect("it commits");

    let tx = system(&database).await;
    assert_eq!(tx.queue().positions(&["default"]).await.expect("positions"), [(class.clone(), 70)]);
    tx.queue().advance(&[(class.clone(), 5)]).await.expect("a late word");
    assert_eq!(tx.queue().positions(&["default"]).await.expect("positions"), [(class.clone(), 70)]);
    let from: [(Class, Position); 1] = [(class.clone(), 70)];
    assert!(look(&tx, &from, 1, "w").await.is_empty(), "behind where the turns stand");
    assert_eq!(look(&tx, &[(class, 0)], 1, "w").await.len(), 1);
}

#[tokio::test]
async fn limits_of_strategies_and_owners_hold_however_many_claim_at_once() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(12).await;
    let owners = [UserId::new(), UserId::new(), UserId::new()];
    let mut of = HashMap::new();
    for owner in owners {
        let document = store_document(&database, owner).await.id;
        of.insert(document, owner);
        enqueue(&database, document, 40, 2).await;
    }
    let limits = format!(
        "insert into job_limits (kind, name, max_running) values ('strategy', 'noop', 9), ('owner', '*', 5),
           ('owner', '{}', 1)",
        owners[0]
    );
    db.client("service_role").await.batch_execute(&limits).await.expect("limits");
    let claimer = |_| {
        let database = database.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            for _ in 0..4 {
                let tx = system(&database).await;
                tx.queue().one_by_one().await.expect("its turn");
                mine.extend(look(&tx, &classes("default", NOOP), 7, "w").await);
                tx.commit().await.expect("it commits");
            }
            mine
        })
    };
    let running: Vec<ClaimedJob> =
        join_all((0..8).map(claimer)).await.into_iter().flat_map(|mine| mine.expect("no panic")).collect();
    let count = |owner: UserId| running.iter().filter(|job| of[&job.document_id] == owner).count();
    assert_eq!(running.len(), 9, "as many as the strategy may have, and no fewer");
    assert!(count(owners[0]) <= 1 && count(owners[1]) <= 5 && count(owners[2]) <= 5);
    end(&database, &running).await;
    let tx = system(&database).await;
    assert!(tx.queue().is_limited().await.expect("an answer"));
    let mut again = 0;
    loop {
        match look(&tx, &classes("default", NOOP), 100, "w").await.len() {
            0 => break,
            found => again += found,
        }
    }
    assert_eq!(again, 9, "ends make room");
}

#[tokio::test]
async fn a_paused_queue_gives_nothing_out_and_takes_jobs_in() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let postgres = db.client("service_role").await;
    postgres.batch_execute("insert into paused_queues (queue) values ('default')").await.expect("paused");
    enqueue(&database, document, 1, 2).await;
    assert!(claim(&database, 1).await.is_empty());
    postgres.batch_execute("delete from paused_queues").await.expect("resumed");
    assert_eq!(claim(&database, 1).await.len(), 1);
}

#[tokio::test]
async fn classes_are_found_whatever_they_are_called() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let tx = system(&database).await;
    let mut jobs = Vec::new();
    for (queue, strategy, priority) in [
        ("default", "b", 3),
        ("default", "a", 1),
        ("default", "a", 1),
        ("default", "a", 4),
        ("night", "a", 2),
    ] {
        jobs.push(NewJob { queue: queue.into(), priority, ..NewJob::new(document, 1, strategy) });
    }
    tx.jobs().enqueue_many(&jobs).await.expect("jobs");
    let names = |found: Vec<(Class, Position)>| -> Vec<String> {
        let name =
            |(class, _): &(Class, Position)| format!("{} {} {}", class.queue, class.strategy, class.priority);
        let mut names: Vec<String> = found.iter().map(name).collect();
        names.sort();
        names
    };
    let found = tx.queue().classes(&["default"], None).await.expect("classes");
    assert_eq!(names(found), ["default a 1", "default a 4", "default b 3"]);
    let found = tx.queue().classes(&["default", "night"], Some(&["a"])).await.expect("classes");
    assert_eq!(names(found), ["default a 1", "default a 4", "night a 2"]);
}

#[tokio::test]
async fn a_document_that_somebody_holds_keeps_no_claim_waiting() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (held, free) = (
        store_document(&database, UserId::new()).await.id,
        store_document(&database, UserId::new()).await.id,
    );
    let tx = system(&database).await;
    let jobs = [NewJob::new(held, 1, "noop"), NewJob::new(free, 1, "noop")];
    tx.jobs().enqueue_many(&jobs).await.expect("jobs");
    tx.commit().await.expect("it commits");
    let postgres = db.client("postgres").await;
    postgres
        .batch_execute(&format!("begin; select from documents where id = '{held}' for update"))
        .await
        .expect("held");
    assert_eq!(claim(&database, 2).await.len(), 2);
    postgres.batch_execute("rollback").await.expect("free");
    let status = async |id| system(&database).await.documents().require(id).await.expect("it").status;
    assert_eq!(status(free).await, "processing");
    assert_eq!(status(held).await, "queued", "it says so when it ends");
}
