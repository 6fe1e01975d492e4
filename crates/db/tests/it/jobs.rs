//! A job's way from asking to its end, and what it leaves behind.

use colophon_db::queue::{Changed, Claim, ClaimedJob, Class, Fail, Failure, Finish, Lease, Position};
use colophon_db::{Database, ErrorKind, Result, SystemScope, Tx};
use colophon_domain::{
    DocumentId, ErrorClass, JobFilter, JobId, JobPage, JobStatus, NewJob, PageOutcome, Stages, UserId,
};
use colophon_testkit::{TestDatabase, a_job, as_user, store_document, store_job};
use serde_json::{Value, json};

use crate::system;

/// Every class of these strategies in a queue, from its start.
pub fn classes(queue: &str, strategies: &[&str]) -> Vec<(Class, Position)> {
    let class = |strategy: &str, priority| Class { queue: queue.into(), strategy: strategy.into(), priority };
    strategies.iter().flat_map(|strategy| (1..=4).map(|priority| (class(strategy, priority), 0))).collect()
}

/// Looks for jobs that are due.
pub async fn look(
    tx: &Tx<SystemScope>,
    classes: &[(Class, Position)],
    limit: i64,
    worker: &str,
) -> Vec<ClaimedJob> {
    let claim = Claim { classes, limit, lease_seconds: 60.0, worker, oldest_first: false };
    tx.queue().claim(&claim).await.expect("a look")
}

/// Claims the one job that is due, in a transaction of its own.
pub async fn claim(database: &Database, worker: &str) -> ClaimedJob {
    let tx = system(database).await;
    let mut claimed = look(&tx, &classes("default", &["text-layer"]), 10, worker).await;
    tx.commit().await.expect("it commits");
    assert_eq!(claimed.len(), 1, "one job is due");
    claimed.remove(0)
}

/// Ends one job for good; whether its lease was held.
pub async fn finish(
    tx: &Tx<SystemScope>,
    lease: Lease,
    status: JobStatus,
    failure: Option<Failure>,
    metrics: Value,
) -> Result<bool> {
    let (ended, _) = tx.queue().finish(&[Finish { lease, status, failure, metrics }]).await?;
    Ok(ended.iter().map(|job| job.job_id).eq([lease.job_id]))
}

/// As [`finish`], for a job that is done.
pub async fn complete(tx: &Tx<SystemScope>, lease: Lease) -> bool {
    finish(tx, lease, JobStatus::Completed, None, json!({})).await.expect("an answer")
}

/// An attempt that failed, with an hour until the next.
pub fn an_end(lease: Lease, class: ErrorClass) -> Fail {
    Fail { lease, failure: a_failure(class), delay_seconds: Some(3600.0), metrics: json!({ "ms": 5 }) }
}

pub fn a_failure(class: ErrorClass) -> Failure {
    Failure { class, code: "tool_failed".into(), message: "the tool said no".into() }
}

/// `action: status` of each row of a job's history.
pub async fn history(database: &Database, document: DocumentId, job: JobId) -> Vec<String> {
    let entries = system(database).await.jobs().history(document, job).await.expect("the history");
    entries.iter().map(|e| format!("{}: {}", e.action, e.status.as_deref().unwrap_or("-"))).collect()
}

/// `attempt: outcome` of each attempt that ended.
pub async fn attempts(database: &Database, document: DocumentId, job: JobId) -> Vec<String> {
    let attempts = system(database).await.jobs().attempts(document, job).await.expect("the attempts");
    attempts.iter().map(|a| format!("{}: {}", a.attempt, a.outcome)).collect()
}

pub async fn document_status(database: &Database, document: DocumentId) -> String {
    system(database).await.documents().require(document).await.expect("it is there").status
}

fn page(page_number: i32, outcome: PageOutcome) -> JobPage {
    let stages = Stages::from([("read".to_owned(), 5)]);
    JobPage { page_number, outcome, attempt: 1, duration_ms: Some(7), stages, strategy: None, reason: None }
}

#[tokio::test]
async fn a_job_runs_from_asking_to_done_and_every_step_is_recorded() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let document = store_document(&database, owner).await.id;
    let job = store_job(&database, document).await;

    let claimed = claim(&database, "w1").await;
    assert_eq!((claimed.lease.job_id, claimed.document_id), (job, document));
    assert_eq!((claimed.attempt, claimed.max_attempts, claimed.page_count), (1, 5, Some(3)));
    assert!(claimed.storage_path.is_some_and(|path| path.contains(&document.to_string())));
    assert_eq!(document_status(&database, document).await, "processing");

    let failed = || PageOutcome::Failed {
        class: ErrorClass::Permanent,
        code: "bad".into(),
        message: "unreadable".into(),
    };
    let tx = system(&database).await;
    tx.queue().hold(&claimed.lease, 60.0).await.expect("it is held");
    let first = [page(1, PageOutcome::Completed { zone_count: 4 }), page(2, failed())];
    tx.jobs().record_pages(document, job, &first).await.expect("recorded");
    tx.commit().await.expect("it commits");
    let halfway = system(&database).await.jobs().require(job).await.expect("it is there");
    assert_eq!(halfway.progress, Some(66.67));
    assert_eq!(
        (halfway.completed_pages, halfway.error_count, halfway.completed_zones),
        (1, Some(1), Some(4))
    );

    let tx = system(&database).await;
    tx.queue().hold(&claimed.lease, 60.0).await.expect("it is held");
    let second = [
        page(2, PageOutcome::Completed { zone_count: 2 }),
        page(3, PageOutcome::Completed { zone_count: 0 }),
    ];
    tx.jobs().record_pages(document, job, &second).await.expect("recorded");
    let metrics = json!({ "pages": 3 });
    let done = JobStatus::Completed;
    assert!(finish(&tx, claimed.lease, done, None, metrics.clone()).await.expect("it ends"));
    tx.commit().await.expect("it commits");

    let tx = database.session(&as_user(owner)).begin().await.expect("the owner may read all of it");
    let ended = tx.jobs().require(job).await.expect("it is there");
    assert_eq!((ended.status.as_str(), ended.progress), ("completed", Some(100.0)));
    assert_eq!((ended.completed_pages, ended.error_count, ended.total_zones), (3, Some(0), Some(6)));
    assert!(ended.completed_at > ended.started_at && ended.error_code.is_none());
    assert_eq!(ended.metrics, Some(metrics));
    let pages = tx.jobs().pages(document, job).await.expect("pages");
    let outcomes: Vec<_> = pages.iter().map(|page| (page.page_number, page.outcome.clone())).collect();
    let completed = |zone_count| PageOutcome::Completed { zone_count };
    assert_eq!(outcomes, [(1, completed(4)), (2, completed(2)), (3, completed(0))]);
    assert_eq!(pages[0].stages["read"], 5, "milliseconds by stage");
    assert_eq!(tx.jobs().live(&[job, JobId::new()]).await.expect("a number"), 0);
    let attempt = tx.jobs().attempts(document, job).await.expect("one").remove(0);
    assert_eq!((attempt.outcome.as_str(), attempt.worker.as_deref()), ("completed", Some("w1")));
    assert!(attempt.started_at.is_some_and(|started| started < attempt.finished_at));

    assert_eq!(
        history(&database, document, job).await,
        ["enqueued: queued", "claimed: running", "completed: completed"]
    );
    assert_eq!(document_status(&database, document).await, "processed");
    assert_queue_is_empty(&db).await;
}

pub async fn assert_queue_is_empty(db: &TestDatabase) {
    let left = db.client("postgres").await.query_one("select count(*) from job_queue", &[]).await;
    assert_eq!(left.expect("a count").get::<_, i64>(0), 0, "the queue is empty");
}

#[tokio::test]
async fn a_job_that_fails_keeps_the_reason_everywhere() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, document).await;
    let lease = claim(&database, "w1").await.lease;
    let tx = system(&database).await;
    let failure = Some(a_failure(ErrorClass::Permanent));
    assert!(finish(&tx, lease, JobStatus::Failed, failure, json!({})).await.expect("it ends"));
    tx.commit().await.expect("it commits");

    let tx = system(&database).await;
    let ended = tx.jobs().require(job).await.expect("it is there");
    assert_eq!((ended.error_code.as_deref(), ended.error_count), (Some("tool_failed"), Some(1)));
    let document_now = tx.documents().require(document).await.expect("it is there");
    assert_eq!(document_now.status_detail.as_deref(), Some("the tool said no"));
    let attempt = tx.jobs().attempts(document, job).await.expect("one").remove(0);
    assert_eq!((attempt.outcome.as_str(), attempt.error_class.as_deref()), ("failed", Some("permanent")));
    let last = tx.jobs().history(document, job).await.expect("history").pop().expect("a row");
    assert_eq!((last.action.as_str(), last.error_message.as_deref()), ("failed", Some("the tool said no")));
    assert_eq!(last.details.expect("details")["from"], "running");
}

#[tokio::test]
async fn a_job_to_be_tried_again_waits_for_its_time_and_then_runs() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, document).await;
    let lease = claim(&database, "w1").await.lease;
    let tx = system(&database).await;
    let (failed, _) = tx.queue().fail(&[an_end(lease, ErrorClass::Transient)]).await.expect("it waits");
    assert_eq!(failed[0].job, Changed { job_id: job, document_id: document });
    assert_eq!(failed[0].retry_in_seconds, Some(3600.0));
    tx.commit().await.expect("it commits");

    let tx = system(&database).await;
    let waiting = tx.jobs().require(job).await.expect("it is there");
    assert_eq!((waiting.status.as_str(), waiting.error_code.as_deref()), ("retrying", Some("tool_failed")));
    assert_eq!(tx.queue().promote().await.expect("a look"), 0, "an hour has not passed");
    assert!(look(&tx, &classes("default", &["text-layer"]), 10, "w2").await.is_empty());
    tx.commit().await.expect("it commits");

    let an_hour_later = "update job_queue set run_at = run_at - interval '1 hour'";
    db.client("postgres").await.batch_execute(an_hour_later).await.expect("time passes");
    let tx = system(&database).await;
    assert_eq!(tx.queue().promote().await.expect("it is time"), 1);
    tx.commit().await.expect("it commits");
    let again = claim(&database, "w2").await;
    assert_eq!((again.attempt, again.lease.job_id), (2, job));
    assert!(again.lease.lease_seq > lease.lease_seq);
    assert_eq!(attempts(&database, document, job).await, ["1: retry"]);
    let expected = ["enqueued: queued", "claimed: running", "retry_scheduled: retrying", "claimed: running"];
    assert_eq!(history(&database, document, job).await, expected);
}

#[tokio::test]
async fn a_released_job_goes_back_and_the_attempt_does_not_count() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let job = store_job(&database, document).await;
    let lease = claim(&database, "w1").await.lease;
    let tx = system(&database).await;
    assert_eq!(tx.queue().release(&[lease]).await.expect("it goes back").len(), 1);
    tx.commit().await.expect("it commits");
    assert_eq!(document_status(&database, document).await, "queued", "nobody works on it");
    assert_eq!(claim(&database, "w2").await.attempt, 1);
    assert_eq!(attempts(&database, document, job).await, ["1: released"]);
    let expected = ["enqueued: queued", "claimed: running", "released: queued", "claimed: running"];
    assert_eq!(history(&database, document, job).await, expected);
}

#[tokio::test]
async fn the_most_urgent_job_comes_first_and_only_for_who_can_do_it() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let tx = system(&database).await;
    let jobs = [3, 1, 2].map(|priority| NewJob { priority, ..a_job(document) });
    for job in &jobs {
        tx.jobs().enqueue(job).await.expect("a job");
    }
    tx.commit().await.expect("it commits");
    let tx = system(&database).await;
    for (queue, strategy) in [("default", "other"), ("other", "text-layer")] {
        let nothing = look(&tx, &classes(queue, &[strategy]), 10, "w").await;
        assert!(nothing.is_empty(), "{queue}, {strategy}");
    }
    for job in [&jobs[1], &jobs[2], &jobs[0]] {
        let claimed = look(&tx, &classes("default", &["other", "text-layer"]), 1, "w").await;
        assert_eq!(claimed[0].lease.job_id, job.id);
    }
}

#[tokio::test]
async fn jobs_are_listed_newest_first_and_by_filter() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let owner = UserId::new();
    let (one, other) = (store_document(&database, owner).await.id, store_document(&database, owner).await.id);
    let mut jobs = Vec::new();
    for document in [one, other, one] {
        jobs.insert(0, store_job(&database, document).await);
    }
    let stranger = as_user(UserId::new());
    let none = database.session(&stranger).begin().await.expect("a transaction");
    let none = none.jobs().list(&JobFilter::default(), None, 10).await.expect("a list");
    assert!(none.items.is_empty(), "a stranger sees none");

    let tx = database.session(&as_user(owner)).begin().await.expect("a transaction");
    let list = async |filter: &JobFilter, after, limit| {
        let part = tx.jobs().list(filter, after, limit).await.expect("a part");
        (part.items.iter().map(|job| job.id).collect::<Vec<_>>(), part.next_cursor)
    };
    let every = JobFilter::default();
    let (first, cursor) = list(&every, None, 2).await;
    assert_eq!(first, jobs[..2]);
    assert_eq!(list(&every, cursor, 2).await, (jobs[2..].to_vec(), None));
    let of_one = JobFilter { document_id: Some(one), ..Default::default() };
    assert_eq!(list(&of_one, None, 9).await.0, [jobs[0], jobs[2]]);
    let running = JobFilter { status: Some(JobStatus::Running), ..Default::default() };
    assert!(list(&running, None, 9).await.0.is_empty());
    assert_eq!(tx.jobs().live(&jobs).await.expect("a number"), 3);
}

#[tokio::test]
async fn a_job_for_another_persons_document_is_refused() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let tx = database.session(&as_user(UserId::new())).begin().await.expect("a transaction");
    let error = tx.jobs().enqueue(&a_job(document)).await.expect_err("not theirs");
    assert_eq!(error.kind(), &ErrorKind::Forbidden);
}

#[tokio::test]
async fn rows_of_history_keep_their_order_within_a_millisecond() {
    let db = TestDatabase::migrated().await;
    let sql = "select colophon.uuid_v7()::text from generate_series(1, 2000)";
    let rows = db.client("service_role").await.query(sql, &[]).await.expect("identifiers");
    let ids: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(ids.iter().all(|id| &id[14..15] == "7" && "89ab".contains(&id[19..20])), "they are of version 7");
    let millisecond = |id: &String| id[..13].to_owned();
    let crowded = ids.windows(2).filter(|pair| millisecond(&pair[0]) == millisecond(&pair[1])).count();
    assert!(crowded > 0, "the test means something only where two share a millisecond");
    assert!(ids.is_sorted(), "each comes after the one made before it");
}
