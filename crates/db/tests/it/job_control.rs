//! What people may say about a job, at any time: cancel, pause, resume, retry; and what the engine says by itself: a
//! deadline, a dependency, a key, a quarantine.

use colophon_db::jobs::Asked;
use colophon_db::queue::Fail;
use colophon_db::{Database, ErrorKind};
use colophon_domain::{DocumentId, ErrorClass, JobId, JobStatus, NewJob, Units, UserId};
use colophon_testkit::{TestDatabase, a_job, as_user, store_document, store_job};
use serde_json::json;

use crate::jobs::{
    a_failure, assert_queue_is_empty, attempts, claim, classes, complete, document_status, finish, history,
    look,
};
use crate::system;

struct World {
    db: TestDatabase,
    database: Database,
    owner: UserId,
    document: DocumentId,
    job: JobId,
}

async fn a_world() -> World {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let job = store_job(&database, document).await;
    World { db, database, owner, document, job }
}

impl World {
    /// What a person says.
    async fn says(&self, person: UserId, what: &str) -> Option<Asked> {
        let tx = self.database.session(&as_user(person)).begin().await.expect("a transaction");
        let asked = match what {
            "cancel" => tx.jobs().cancel(self.job).await,
            "pause" => tx.jobs().pause(self.job).await,
            "resume" => tx.jobs().resume(self.job).await,
            _ => tx.jobs().retry(self.job).await,
        };
        let asked = asked.expect("an answer");
        tx.commit().await.expect("it commits");
        asked
    }

    async fn status(&self) -> String {
        system(&self.database).await.jobs().require(self.job).await.expect("it is there").status
    }

    async fn time_passes(&self) {
        let late = "update job_queue set deadline_at = clock_timestamp() where deadline_at is not null;
            update job_queue set lease_until = clock_timestamp() where lease_until is not null";
        let postgres = self.db.client("postgres").await;
        postgres.batch_execute(late).await.expect("time passes");
        let tx = system(&self.database).await;
        tx.queue().reap().await.expect("a round");
        tx.commit().await.expect("it commits");
        let due = "update job_queue set run_at = run_at - interval '1 day' where state = 'scheduled'";
        postgres.batch_execute(due).await.expect("time passes");
        let tx = system(&self.database).await;
        tx.queue().release_waiting().await.expect("a round");
        tx.queue().promote().await.expect("a round");
        tx.commit().await.expect("it commits");
    }
}

fn changed(world: &World, status: &str) -> Asked {
    Asked { document_id: world.document, status: status.into(), changed: true }
}

fn unchanged(world: &World, status: &str) -> Asked {
    Asked { document_id: world.document, status: status.into(), changed: false }
}

#[tokio::test]
async fn a_job_that_waits_is_cancelled_at_once() {
    let world = a_world().await;
    assert_eq!(world.says(world.owner, "cancel").await, Some(changed(&world, "cancelled")));
    assert_eq!(world.status().await, "cancelled");
    assert_queue_is_empty(&world.db).await;
    assert_eq!(document_status(&world.database, world.document).await, "uploaded");
    assert_eq!(world.says(world.owner, "cancel").await, Some(unchanged(&world, "cancelled")), "it has ended");
    assert_eq!(
        history(&world.database, world.document, world.job).await,
        ["enqueued: queued", "cancelled: cancelled"]
    );
}

#[tokio::test]
async fn a_job_that_runs_is_cancelled_at_once_and_its_worker_changes_nothing_any_more() {
    let world = a_world().await;
    let lease = claim(&world.database, "w").await.lease;
    assert_eq!(world.says(world.owner, "cancel").await, Some(changed(&world, "cancelled")));
    let tx = system(&world.database).await;
    assert!(!complete(&tx, lease).await);
    assert_eq!(tx.queue().hold(&lease, 60.0).await.expect_err("it is lost").kind(), &ErrorKind::Stale);
    tx.commit().await.expect("it commits");
    assert_eq!(world.status().await, "cancelled");
    assert_eq!(attempts(&world.database, world.document, world.job).await, ["1: cancelled"]);
    // Asked for again, it runs under a higher fence.
    assert_eq!(world.says(world.owner, "retry").await, Some(changed(&world, "queued")));
    let again = claim(&world.database, "w").await;
    assert!(again.lease.lease_seq > lease.lease_seq);
    assert_eq!((again.attempt, again.max_attempts), (2, 6));
    let tx = system(&world.database).await;
    assert!(!complete(&tx, lease).await, "the old lease is lost for ever");
    assert!(complete(&tx, again.lease).await);
}

#[tokio::test]
async fn a_document_that_was_read_before_is_what_it_was_when_a_second_job_is_cancelled() {
    let world = a_world().await;
    let lease = claim(&world.database, "w").await.lease;
    let tx = system(&world.database).await;
    assert!(finish(&tx, lease, JobStatus::Completed, None, json!({})).await.expect("it ends"));
    tx.commit().await.expect("it commits");
    let second = World { job: store_job(&world.database, world.document).await, ..world };
    assert_eq!(document_status(&second.database, second.document).await, "queued");
    second.says(second.owner, "cancel").await;
    assert_eq!(document_status(&second.database, second.document).await, "processed");
}

#[tokio::test]
async fn a_job_is_put_aside_and_taken_up_again_whether_it_waits_or_runs() {
    let world = a_world().await;
    assert_eq!(world.says(world.owner, "resume").await, Some(unchanged(&world, "queued")));
    assert_eq!(world.says(world.owner, "pause").await, Some(changed(&world, "paused")));
    let tx = system(&world.database).await;
    assert!(look(&tx, &classes("default", &["text-layer"]), 1, "w").await.is_empty());
    tx.commit().await.expect("it commits");
    assert_eq!(world.says(world.owner, "resume").await, Some(changed(&world, "queued")));
    let lease = claim(&world.database, "w").await.lease;
    assert_eq!(document_status(&world.database, world.document).await, "processing");
    assert_eq!(world.says(world.owner, "pause").await, Some(changed(&world, "paused")));
    assert_eq!(document_status(&world.database, world.document).await, "queued");
    let tx = system(&world.database).await;
    assert!(!complete(&tx, lease).await);
    tx.commit().await.expect("it commits");
    world.time_passes().await;
    assert_eq!(world.status().await, "paused", "as long as nobody says otherwise");
    assert_eq!(world.says(world.owner, "resume").await, Some(changed(&world, "queued")));
    let again = claim(&world.database, "w").await;
    assert_eq!(again.attempt, 1, "the attempt that was broken off does not count");
    let tx = system(&world.database).await;
    assert!(complete(&tx, again.lease).await);
}

#[tokio::test]
async fn strangers_and_viewers_may_say_nothing() {
    let world = a_world().await;
    let viewer = UserId::new();
    let share = format!(
        "insert into document_shares (document_id, role, user_id, created_by) values ('{}', 'viewer', '{viewer}', 'x')",
        world.document
    );
    world.db.client("postgres").await.batch_execute(&share).await.expect("a share");
    for person in [UserId::new(), viewer] {
        for what in ["cancel", "pause", "resume", "retry"] {
            assert_eq!(world.says(person, what).await, None, "{what}");
        }
    }
    assert_eq!(world.status().await, "queued");
}

#[tokio::test]
async fn a_job_that_waits_for_its_next_attempt_need_not_wait() {
    let world = a_world().await;
    let lease = claim(&world.database, "w").await.lease;
    let tx = system(&world.database).await;
    let end = Fail {
        lease,
        failure: a_failure(ErrorClass::Transient),
        delay_seconds: Some(3600.0),
        metrics: json!({}),
    };
    tx.queue().fail(&[end]).await.expect("it waits");
    tx.commit().await.expect("it commits");
    assert_eq!(world.says(world.owner, "retry").await, Some(changed(&world, "retrying")));
    let tx = system(&world.database).await;
    assert_eq!(tx.queue().promote().await.expect("a round"), 1);
    tx.commit().await.expect("it commits");
    assert_eq!(claim(&world.database, "w").await.attempt, 2);
}

#[tokio::test]
async fn the_class_of_a_failure_says_what_follows() {
    for (class, rounds, code) in [
        (ErrorClass::Permanent, 1, "tool_failed"),
        (ErrorClass::Transient, 5, "tool_failed"),
        (ErrorClass::Poison, 3, "quarantined"),
    ] {
        let world = a_world().await;
        let mut delays = Vec::new();
        for round in 1..=rounds {
            let lease = claim(&world.database, "w").await.lease;
            let tx = system(&world.database).await;
            let end = Fail { lease, failure: a_failure(class), delay_seconds: None, metrics: json!({}) };
            let (failed, _) = tx.queue().fail(&[end]).await.expect("an answer");
            tx.commit().await.expect("it commits");
            assert_eq!(failed[0].retry_in_seconds.is_none(), round == rounds, "{class}, attempt {round}");
            delays.extend(failed[0].retry_in_seconds);
            world.time_passes().await;
        }
        for (attempt, delay) in (1..).zip(delays) {
            let doubled = 2_f64.powi(attempt);
            assert!((0.75 * doubled..=1.25 * doubled).contains(&delay), "after attempt {attempt}: {delay} s");
        }
        let job = system(&world.database).await.jobs().require(world.job).await.expect("it");
        assert_eq!((job.status.as_str(), job.error_code.as_deref()), ("failed", Some(code)));
        assert_eq!(job.error_class.as_deref(), Some(class.as_str()));
        assert_eq!(document_status(&world.database, world.document).await, "failed");
        assert_queue_is_empty(&world.db).await;
    }
}

#[tokio::test]
async fn a_file_that_kills_its_workers_three_times_goes_no_further() {
    let world = a_world().await;
    for worker in ["a", "b", "c"] {
        claim(&world.database, worker).await;
        world.time_passes().await;
    }
    let job = system(&world.database).await.jobs().require(world.job).await.expect("it");
    assert_eq!((job.status.as_str(), job.attempt), ("failed", 3));
    assert_eq!(
        (job.error_class.as_deref(), job.error_code.as_deref()),
        (Some("poison"), Some("quarantined"))
    );
    assert!(job.error_message.expect("a reason").contains("three workers"));
    assert_queue_is_empty(&world.db).await;
}

#[tokio::test]
async fn an_attempt_ends_at_its_deadline_whatever_its_heartbeats_say() {
    let world = a_world().await;
    world.says(world.owner, "cancel").await;
    let job = NewJob { timeout_seconds: Some(30), ..a_job(world.document) };
    let tx = system(&world.database).await;
    tx.jobs().enqueue(&job).await.expect("a job");
    tx.commit().await.expect("it commits");
    let claimed = claim(&world.database, "slow").await;
    let deadline = claimed.deadline_at.expect("a deadline");
    assert!(claimed.lease_until <= deadline);
    let tx = system(&world.database).await;
    let beat = colophon_db::queue::Beat { lease: claimed.lease, progress: Some(40.0), current_zone_id: None };
    let held = tx.queue().heartbeat(&[beat], 3600.0).await.expect("a beat");
    assert_eq!(held[0].lease_until, deadline, "no lease outlives it");
    tx.commit().await.expect("it commits");
    assert_eq!(system(&world.database).await.jobs().require(job.id).await.expect("it").progress, Some(40.0));
    world.time_passes().await;
    let late = system(&world.database).await.jobs().require(job.id).await.expect("it");
    assert_eq!((late.status.as_str(), late.error_code.as_deref()), ("retrying", Some("deadline_exceeded")));
    let tx = system(&world.database).await;
    assert!(!complete(&tx, claimed.lease).await);
}

#[tokio::test]
async fn one_job_of_a_key_is_live_and_the_next_may_come_when_it_has_ended() {
    let world = a_world().await;
    let keyed = || NewJob { job_key: Some("nightly".into()), ..NewJob::new(world.document, 1, "noop") };
    let first = keyed();
    let tx = system(&world.database).await;
    let twice = [first.clone(), keyed()];
    let live = tx.jobs().enqueue_many(&twice).await.expect("jobs");
    assert_eq!((live[0].live, live[1].live), (Some(first.id), None), "the second is made in the same moment");
    let again = tx.jobs().enqueue_many(&[keyed()]).await.expect("jobs");
    assert_eq!(again[0].live, Some(first.id));
    tx.commit().await.expect("it commits");

    let tx = world.database.session(&as_user(world.owner)).begin().await.expect("a transaction");
    assert_eq!(tx.jobs().live_of_key(world.document, "nightly").await.expect("an answer"), Some(first.id));
    let mine = NewJob { created_by: Some(world.owner.to_string()), ..keyed() };
    let refused = tx.jobs().enqueue(&mine).await.expect_err("there is one");
    assert!(
        matches!(refused.kind(), ErrorKind::Conflict(name) if name == "job_queue_job_key_key"),
        "{refused}"
    );
    drop(tx);
    // Another owner's keys are their own.
    let stranger = UserId::new();
    let theirs = store_document(&world.database, stranger).await.id;
    let tx = world.database.session(&as_user(stranger)).begin().await.expect("a transaction");
    assert_eq!(tx.jobs().live_of_key(theirs, "nightly").await.expect("an answer"), None);
    let created_by = Some(stranger.to_string());
    let same = NewJob { job_key: Some("nightly".into()), created_by, ..NewJob::new(theirs, 1, "noop") };
    tx.jobs().enqueue(&same).await.expect("a job");
    tx.commit().await.expect("it commits");

    let tx = system(&world.database).await;
    tx.jobs().cancel(first.id).await.expect("an answer");
    let next = keyed();
    let live = tx.jobs().enqueue_many(std::slice::from_ref(&next)).await.expect("jobs");
    assert_eq!(live[0].live, Some(next.id));
}

#[tokio::test]
async fn a_job_waits_for_those_it_depends_on_and_falls_with_them() {
    let world = a_world().await;
    let after = || NewJob { depends_on: vec![world.job], ..NewJob::new(world.document, 1, "after") };
    let (bulk, single) = (after(), after());
    let tx = system(&world.database).await;
    tx.jobs().enqueue_many(std::slice::from_ref(&bulk)).await.expect("a job");
    tx.jobs().enqueue(&single).await.expect("a job");
    tx.commit().await.expect("it commits");
    let due = async || {
        let tx = system(&world.database).await;
        let found = look(&tx, &classes("default", &["after"]), 9, "w").await.len();
        tx.rollback().await.expect("taken back");
        found
    };
    world.time_passes().await;
    assert_eq!(due().await, 0);
    let lease = claim(&world.database, "w").await.lease;
    let tx = system(&world.database).await;
    let finish =
        colophon_db::queue::Finish { lease, status: JobStatus::Completed, failure: None, metrics: json!({}) };
    let (_, others_wait) = tx.queue().finish(&[finish]).await.expect("it ends");
    assert!(others_wait);
    assert_eq!(tx.queue().release_waiting().await.expect("a round").len(), 2);
    tx.commit().await.expect("it commits");
    assert_eq!(due().await, 2);

    let tx = system(&world.database).await;
    let first = NewJob::new(world.document, 1, "noop");
    let second = NewJob { depends_on: vec![first.id], ..NewJob::new(world.document, 1, "after") };
    let third = NewJob { depends_on: vec![second.id], ..NewJob::new(world.document, 1, "after") };
    tx.jobs().enqueue_many(&[first.clone(), second.clone(), third.clone()]).await.expect("jobs");
    tx.jobs().cancel(first.id).await.expect("an answer");
    tx.commit().await.expect("it commits");
    world.time_passes().await;
    world.time_passes().await;
    for job in [second, third] {
        let fallen = system(&world.database).await.jobs().require(job.id).await.expect("it");
        assert_eq!(
            (fallen.status.as_str(), fallen.error_code.as_deref()),
            ("failed", Some("dependency_failed"))
        );
    }
}

#[tokio::test]
async fn a_job_for_some_pages_says_nothing_of_the_document() {
    let world = a_world().await;
    world.says(world.owner, "cancel").await;
    let created_by = Some(world.owner.to_string());
    let job = NewJob { units: Units::Pages(vec![2]), created_by, ..a_job(world.document) };
    let tx = world.database.session(&as_user(world.owner)).begin().await.expect("a transaction");
    tx.jobs().enqueue(&job).await.expect("a job");
    tx.commit().await.expect("it commits");
    assert_eq!(document_status(&world.database, world.document).await, "uploaded");
    let claimed = claim(&world.database, "w").await;
    assert_eq!(claimed.page_numbers, Some(vec![2]));
    assert_eq!(document_status(&world.database, world.document).await, "uploaded");
    let tx = system(&world.database).await;
    assert!(complete(&tx, claimed.lease).await);
    tx.commit().await.expect("it commits");
    assert_eq!(document_status(&world.database, world.document).await, "uploaded");
}
