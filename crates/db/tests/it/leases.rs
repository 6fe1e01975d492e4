//! A worker borrows a job. Whoever lost the lease changes nothing, and is told so.

use std::collections::HashSet;
use std::time::Duration;

use colophon_db::queue::{Beat, Fail, Lease};
use colophon_db::{Database, Error, ErrorKind};
use colophon_domain::{DocumentId, ErrorClass, JobId, JobPage, PageOutcome, Stages, UserId};
use colophon_testkit::{TestDatabase, store_document, store_job};
use futures_util::future::join_all;
use serde_json::json;

use crate::jobs::{
    a_failure, an_end, assert_queue_is_empty, attempts, claim, classes, complete, document_status, history,
    look,
};
use crate::system;

/// Lets every lease run out, and reaps. Gives the number of jobs taken back.
async fn lose_leases(db: &TestDatabase, database: &Database) -> usize {
    let late =
        "update job_queue set lease_until = clock_timestamp() - interval '1 second' where state = 'running'";
    db.client("postgres").await.batch_execute(late).await.expect("time passes");
    let tx = system(database).await;
    let lost = tx.queue().reap().await.expect("a round");
    tx.commit().await.expect("it commits");
    // Each waits a little longer than the time before; that is not what these tests are about.
    let at_once = "update job_queue set run_at = clock_timestamp() where state = 'scheduled'";
    db.client("postgres").await.batch_execute(at_once).await.expect("time passes");
    let tx = system(database).await;
    tx.queue().promote().await.expect("a round");
    tx.commit().await.expect("it commits");
    lost.len()
}

/// A job whose first worker lost it; the lease that worker still believes in.
async fn a_lost_lease(db: &TestDatabase, database: &Database) -> (DocumentId, JobId, Lease) {
    let document = store_document(database, UserId::new()).await.id;
    let job = store_job(database, document).await;
    let lease = claim(database, "slow").await.lease;
    assert_eq!(lose_leases(db, database).await, 1);
    (document, job, lease)
}

fn beat(lease: Lease) -> Beat {
    Beat { lease, progress: None, current_zone_id: None }
}

fn assert_stale(result: Result<(), Error>) {
    assert_eq!(result.expect_err("the lease is lost").kind(), &ErrorKind::Stale);
}

#[tokio::test]
async fn a_lost_lease_cannot_complete() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, job, lost) = a_lost_lease(&db, &database).await;
    for taken_over in [false, true] {
        if taken_over {
            claim(&database, "quick").await;
        }
        let before = history(&database, document, job).await;
        let tx = system(&database).await;
        assert!(!complete(&tx, lost).await, "it is told so");
        tx.commit().await.expect("it commits");
        let status = system(&database).await.jobs().require(job).await.expect("it is there").status;
        assert_eq!(status, if taken_over { "running" } else { "retrying" });
        assert_eq!(history(&database, document, job).await, before);
        assert_eq!(attempts(&database, document, job).await, ["1: lease_lost"]);
    }
}

#[tokio::test]
async fn a_lost_lease_cannot_hold_or_retry() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, job, lost) = a_lost_lease(&db, &database).await;
    let held = claim(&database, "quick").await.lease;
    let tx = system(&database).await;
    assert_stale(tx.queue().hold(&lost, 60.0).await.map(drop));
    let (failed, _) = tx.queue().fail(&[an_end(lost, ErrorClass::Transient)]).await.expect("an answer");
    assert!(failed.is_empty());
    assert!(tx.queue().release(&[lost]).await.expect("an answer").is_empty());
    assert!(tx.queue().heartbeat(&[beat(lost)], 60.0).await.expect("a beat").is_empty());
    let alive = tx.queue().heartbeat(&[beat(held)], 60.0).await.expect("a beat");
    assert_eq!(alive[0].job_id, job, "only the present holder's lease is prolonged");
    tx.queue().hold(&held, 60.0).await.expect("the present holder is undisturbed");
    tx.commit().await.expect("it commits");
    assert_eq!(attempts(&database, document, job).await, ["1: lease_lost"]);
}

/// The model of the engine (crates/worker/tests/model.rs) found the way: a job that was taken back once, is ended by hand
/// while it runs, which leaves no attempt on record, and is asked for again.
#[tokio::test]
async fn a_lease_from_before_a_job_was_asked_for_again_cannot_complete() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (_, job, _) = a_lost_lease(&db, &database).await;
    let before = claim(&database, "before").await.lease;
    let by_hand = "update processing_jobs set status = 'cancelled', completed_at = clock_timestamp()";
    db.client("postgres").await.batch_execute(by_hand).await.expect("somebody has the keys");
    let tx = system(&database).await;
    tx.jobs().retry(job).await.expect("an answer").expect("it is there");
    tx.commit().await.expect("it commits");
    let held = claim(&database, "after").await.lease;
    assert!(held.lease_seq > before.lease_seq, "{held:?} is above {before:?}");
    let tx = system(&database).await;
    assert!(!complete(&tx, before).await, "it is told so");
    assert!(tx.queue().release(&[before]).await.expect("an answer").is_empty());
    assert!(complete(&tx, held).await);
    tx.commit().await.expect("it commits");
    assert_queue_is_empty(&db).await;
}

#[tokio::test]
async fn a_job_that_was_ended_by_hand_stays_so_when_its_worker_hands_it_back() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, document).await;
    let lease = claim(&database, "w").await.lease;
    let by_hand = "update processing_jobs set status = 'cancelled', completed_at = clock_timestamp()";
    db.client("postgres").await.batch_execute(by_hand).await.expect("somebody has the keys");
    let tx = system(&database).await;
    assert!(tx.queue().release(&[lease]).await.expect("an answer").is_empty());
    tx.commit().await.expect("it commits");
    let tx = system(&database).await;
    assert_eq!(tx.jobs().require(job).await.expect("it is there").status, "cancelled");
    assert!(
        look(&tx, &classes("default", &["text-layer"]), 10, "another").await.is_empty(),
        "nobody gets it"
    );
    tx.commit().await.expect("it commits");
    lose_leases(&db, &database).await;
    assert_queue_is_empty(&db).await;
}

#[tokio::test]
async fn a_lease_ends_once() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    store_job(&database, document).await;
    let lease = claim(&database, "w").await.lease;
    let tx = system(&database).await;
    assert!(complete(&tx, lease).await);
    assert!(!complete(&tx, lease).await);
    tx.commit().await.expect("it commits");
    assert_queue_is_empty(&db).await;
}

#[tokio::test]
async fn a_job_whose_worker_died_goes_to_another() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, job, lost) = a_lost_lease(&db, &database).await;
    assert_eq!(document_status(&database, document).await, "queued");
    let again = claim(&database, "quick").await;
    assert_eq!((again.lease.job_id, again.attempt), (job, 2));
    assert!(again.lease.lease_seq > lost.lease_seq, "the fence is higher");
    let tx = system(&database).await;
    assert!(tx.queue().reap().await.expect("a round").is_empty(), "a lease that runs is left alone");
    assert!(complete(&tx, again.lease).await);
    tx.commit().await.expect("it commits");
    assert_eq!(attempts(&database, document, job).await, ["1: lease_lost", "2: completed"]);
    let expected = [
        "enqueued: queued",
        "claimed: running",
        "lease_lost: retrying",
        "claimed: running",
        "completed: completed",
    ];
    assert_eq!(history(&database, document, job).await, expected);
    assert_queue_is_empty(&db).await;
}

#[tokio::test]
async fn a_job_out_of_attempts_fails_and_says_so() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, document).await;
    let postgres = db.client("postgres").await;
    let two = "update job_queue set max_attempts = 2; update processing_jobs set max_attempts = 2";
    postgres.batch_execute(two).await.expect("two attempts");
    for worker in ["first", "second"] {
        claim(&database, worker).await;
        assert_eq!(lose_leases(&db, &database).await, 1);
    }
    assert_queue_is_empty(&db).await;
    let tx = system(&database).await;
    let ended = tx.jobs().require(job).await.expect("it is there");
    assert_eq!((ended.status.as_str(), ended.error_code.as_deref()), ("failed", Some("lease_lost")));
    assert!(ended.completed_at.is_some());
    let message = ended.error_message.expect("a message");
    assert!(message.contains("second") && message.contains("attempt 2"), "{message}");
    let told = tx.documents().require(document).await.expect("it is there");
    assert_eq!((told.status.as_str(), told.status_detail), ("failed", Some(message)));
    let last = tx.jobs().attempts(document, job).await.expect("two").pop().expect("a last");
    assert_eq!(last.error_class.as_deref(), Some("poison"));
}

/// A job that another hand took away, beside one that is whole: only the whole one is given out, and the other's live
/// row goes with the next round.
async fn taken_away_by(sql: &str, left_live: usize) {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (_, _, lost) = a_lost_lease(&db, &database).await;
    let postgres = db.client("postgres").await;
    postgres.batch_execute(sql).await.expect("taken away");
    let status = "select status from processing_jobs";
    let before: Vec<String> =
        postgres.query(status, &[]).await.expect("rows").iter().map(|r| r.get(0)).collect();

    let other = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, other).await;
    assert_eq!(claim(&database, "w").await.lease.job_id, job, "only what can be worked on is given out");
    assert_stale(system(&database).await.queue().hold(&lost, 60.0).await.map(drop));
    assert_eq!(lose_leases(&db, &database).await, left_live + 1);
    let left = postgres.query("select job_id from job_queue", &[]).await.expect("rows");
    assert_eq!(left.iter().map(|row| JobId(row.get(0))).collect::<Vec<_>>(), [job]);
    let untouched = format!("{status} where id <> '{job}'");
    let after = postgres.query(&untouched, &[]).await.expect("rows");
    assert_eq!(after.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), before);
}

#[tokio::test]
async fn a_job_of_a_deleted_document_troubles_nobody() {
    // Its live work went with it.
    taken_away_by("delete from documents", 0).await;
}

#[tokio::test]
async fn a_job_cancelled_by_hand_stays_cancelled_and_stops_nobody() {
    taken_away_by("update processing_jobs set status = 'cancelled', completed_at = now()", 1).await;
}

#[tokio::test]
async fn a_job_cancelled_by_hand_while_it_runs_is_not_revived() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, document).await;
    claim(&database, "w").await;
    let by_hand = "update processing_jobs set status = 'cancelled', completed_at = now()";
    db.client("postgres").await.batch_execute(by_hand).await.expect("cancelled");
    assert_eq!(lose_leases(&db, &database).await, 1);
    assert_eq!(system(&database).await.jobs().require(job).await.expect("it is there").status, "cancelled");
    assert_queue_is_empty(&db).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_claimers_never_get_the_same_job() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(16).await;
    let mut all = HashSet::new();
    for _ in 0..96 {
        let document = store_document(&database, UserId::new()).await.id;
        all.insert(store_job(&database, document).await);
    }
    let claimer = |number: i64| {
        let database = database.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let tx = system(&database).await;
                let worker = format!("w{number}");
                let claimed = look(&tx, &classes("default", &["text-layer"]), 1 + number % 3, &worker).await;
                tx.commit().await.expect("it commits");
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed.into_iter().map(|job| job.lease));
            }
        })
    };
    let claims = join_all((0..16).map(claimer)).await;
    let claims: Vec<Lease> = claims.into_iter().flat_map(|mine| mine.expect("no panic")).collect();
    assert_eq!(claims.len(), all.len(), "none is given twice or left");
    assert_eq!(claims.iter().map(|lease| lease.job_id).collect::<HashSet<_>>(), all);
    let held = "select job_id, lease_seq from job_queue where state = 'running'";
    let held = db.client("postgres").await.query(held, &[]).await.expect("leases");
    let held = held.iter().map(|row| Lease { job_id: JobId(row.get(0)), lease_seq: row.get(1) });
    assert_eq!(held.collect::<HashSet<_>>(), claims.into_iter().collect(), "and every lease is still good");
}

/// They meet all the time: the heartbeat is under way when the job ends.
#[tokio::test]
async fn an_end_that_waited_for_a_heartbeat_is_accepted() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    for end in ["complete", "release", "fail"] {
        let document = store_document(&database, UserId::new()).await.id;
        store_job(&database, document).await;
        let lease = claim(&database, "w").await.lease;
        let beating = system(&database).await;
        let beat = Beat { lease, progress: None, current_zone_id: None };
        assert_eq!(beating.queue().heartbeat(&[beat], 60.0).await.expect("a heartbeat").len(), 1);
        let tx = system(&database).await;
        let ending = tokio::spawn(async move {
            let fail = || Fail {
                lease,
                failure: a_failure(ErrorClass::Permanent),
                delay_seconds: None,
                metrics: json!({}),
            };
            let is_accepted = match end {
                "release" => !tx.queue().release(&[lease]).await.expect("an answer").is_empty(),
                "fail" => !tx.queue().fail(&[fail()]).await.expect("an answer").0.is_empty(),
                _ => complete(&tx, lease).await,
            };
            tx.commit().await.expect("it commits");
            is_accepted
        });
        let client = db.client("supabase_admin").await;
        let waits = "select exists (select from pg_stat_activity
                     where datname = current_database() and wait_event_type = 'Lock')";
        while !client.query_one(waits, &[]).await.expect("a look").get::<_, bool>(0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        beating.commit().await.expect("it commits");
        assert!(ending.await.expect("no panic"), "{end}");
        // The next turn is for the next job.
        db.client("postgres").await.batch_execute("delete from job_queue").await.expect("out of the way");
    }
}

#[tokio::test]
async fn whoever_names_a_lease_learns_how_it_ended() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let (document, job, lost) = a_lost_lease(&db, &database).await;
    let held = claim(&database, "quick").await.lease;
    let nobodys = Lease { job_id: JobId::new(), lease_seq: 1 };
    let tx = system(&database).await;
    let standing = tx.queue().standing(&[lost, held, nobodys]).await.expect("an answer");
    assert_eq!(standing.len(), 2, "{standing:?}");
    let (before, now) = (&standing[&lost], &standing[&held]);
    assert_eq!((before.document_id, before.status.as_str(), before.is_held), (document, "running", false));
    assert_eq!(before.outcome.as_deref(), Some("lease_lost"));
    assert_eq!((now.is_held, now.outcome.as_deref()), (true, None));
    assert!(complete(&tx, held).await);
    let standing = tx.queue().standing(&[held]).await.expect("an answer");
    assert_eq!((standing[&held].is_held, standing[&held].outcome.as_deref()), (false, Some("completed")));
    assert_eq!(standing[&held].status, "completed");
    assert_eq!(job, held.job_id);
}

#[tokio::test]
async fn what_is_done_of_a_job_is_known_to_whoever_takes_it_up() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, document).await;
    let lease = claim(&database, "w").await.lease;
    let tx = system(&database).await;
    assert!(tx.queue().by_units(&[lease]).await.expect("an answer").is_empty());
    let page = |page_number, outcome| JobPage {
        page_number,
        outcome,
        attempt: 1,
        duration_ms: None,
        stages: Stages::new(),
        strategy: None,
        reason: None,
    };
    let blank =
        PageOutcome::Failed { class: ErrorClass::Permanent, code: "blank".into(), message: "it is".into() };
    let pages = [page(2, PageOutcome::Completed { zone_count: 0 }), page(1, blank)];
    tx.jobs().record_pages(document, job, &pages).await.expect("recorded");
    let done = tx.queue().done(&[(document, job)]).await.expect("an answer");
    assert_eq!((done[&job].pages.as_slice(), done[&job].zones.len()), (&[2][..], 0));
    assert_eq!(tx.queue().by_units(&[lease]).await.expect("an answer"), HashSet::from([job]));
    let lost = Lease { lease_seq: lease.lease_seq - 1, ..lease };
    assert!(tx.queue().by_units(&[lost]).await.expect("an answer").is_empty());
}
