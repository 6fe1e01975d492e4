//! Workers outside that wait for work: many of them cost the database what one does, and none is forgotten.

use std::sync::Arc;
use std::time::{Duration, Instant};

use colophon_db::queue::Lease;
use colophon_db::{Config, ConnectionUrl, Database, Pooler, SystemScope};
use colophon_domain::{DocumentId, NewJob, Units, UserId};
use colophon_service::workers::{Wanted, Workers};
use colophon_testkit::{TestDatabase, store_document};
use futures_util::future::{join_all, select_ok};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Nothing takes longer, unless it never comes.
const DEADLINE: Duration = Duration::from_secs(30);

/// A worker that waits for one job of a queue. Gives it, and when it came.
fn wait_for_a_job(workers: &Arc<Workers>, name: &str, queue: &str) -> JoinHandle<Option<(Lease, Instant)>> {
    let (workers, name, queues) = (Arc::clone(workers), name.to_owned(), [queue.to_owned()]);
    tokio::spawn(async move {
        let lease = Duration::from_mins(1);
        let wanted = Wanted { queues: &queues, strategies: None, limit: 1, lease, worker: &name };
        let mut lent = workers.claim(&wanted, DEADLINE * 2, &CancellationToken::new()).await.unwrap();
        let job = lent.jobs.pop()?;
        lent.given();
        Some((job.job.lease, Instant::now()))
    })
}

async fn enqueue(database: &Database, document: DocumentId, queue: &str, count: usize) {
    let job = || NewJob {
        queue: queue.to_owned(),
        units: Units::Pages(vec![1]),
        ..NewJob::new(document, 1, "theirs")
    };
    let jobs: Vec<NewJob> = (0..count).map(|_| job()).collect();
    let tx = database.session(&SystemScope::new()).begin().await.unwrap();
    tx.jobs().enqueue_many(&jobs).await.unwrap();
    tx.commit_and_wake().await.unwrap();
}

/// Transactions of this database so far, as its processes last told. They tell after a transaction, if a second has gone by
/// since; so there should be few of them.
async fn transactions(db: &TestDatabase) -> i64 {
    let sql = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";
    db.client("postgres").await.query_one(sql, &[]).await.unwrap().get(0)
}

/// What the database has to do in a few seconds.
async fn transactions_within(seconds: u64, db: &TestDatabase) -> i64 {
    let before = transactions(db).await;
    sleep(Duration::from_secs(seconds)).await;
    transactions(db).await - before
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_idle_workers_look_as_one() {
    let db = TestDatabase::migrated().await;
    let database = db.database_of(2).await;
    let document = store_document(&database, UserId::new()).await.id;
    let workers = Arc::new(Workers::new(database.clone()));
    // In two queues, so that it is no doing of the queue.
    let waiting: Vec<_> =
        (0..100).map(|n| wait_for_a_job(&workers, &format!("w{n}"), ["day", "night"][n % 2])).collect();
    // All have looked once, and that is told.
    let mut idle = i64::MAX;
    for _ in 0..5 {
        idle = idle.min(transactions_within(4, &db).await);
    }
    println!("100 idle workers: {idle} transactions in 4 s");
    assert!(idle <= 20, "{idle} transactions in 4 s while there is nothing to do");
    let asked = Instant::now();
    enqueue(&database, document, "night", 1).await;
    let waits = waiting.into_iter().map(|waits| Box::pin(async { waits.await.ok().flatten().ok_or(()) }));
    let ((_, came), _) = select_ok(waits).await.unwrap();
    println!("a job came {:?} after it was asked for", came - asked);
    let woken = transactions_within(4, &db).await;
    println!("a wake-up: {woken} transactions in 4 s");
    assert!(woken <= 40, "{woken} transactions for one job");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_gets_a_job_as_long_as_there_are_jobs() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let document = store_document(&database, UserId::new()).await.id;
    let workers = Arc::new(Workers::new(database.clone()));
    let waiting: Vec<_> = (0..50).map(|n| wait_for_a_job(&workers, &format!("w{n}"), "day")).collect();
    // Some go away while they wait.
    let gone: Vec<_> = (0..50).map(|n| wait_for_a_job(&workers, &format!("gone{n}"), "day")).collect();
    // They have all looked.
    sleep(Duration::from_secs(2)).await;
    gone.iter().for_each(JoinHandle::abort);
    let asked = Instant::now();
    // One word for all of them.
    enqueue(&database, document, "day", 50).await;
    let all = timeout(DEADLINE, join_all(waiting)).await.expect("nobody is forgotten");
    let mut leases: Vec<_> = all.into_iter().map(|got| got.unwrap().expect("a job")).collect();
    let last = leases.iter().map(|(_, at)| *at).max().unwrap();
    println!("50 jobs came to 50 workers within {:?}", last - asked);
    leases.sort_by_key(|(lease, _)| lease.job_id.0);
    leases.dedup_by_key(|(lease, _)| lease.job_id.0);
    assert_eq!(leases.len(), 50, "each its own");
}

#[tokio::test]
async fn where_nothing_can_listen_whoever_waits_looks_once_a_second() {
    let db = TestDatabase::migrated().await;
    let parse = |url: &str| ConnectionUrl::parse(url).unwrap();
    // A pooler is all that it knows: no word of new jobs gets here.
    let deaf = Database::new(Config {
        url: parse(&db.url("authenticator")),
        direct_url: None,
        pooler: Pooler::Transaction,
        pool_size: 2,
        application_name: "deaf".to_owned(),
    })
    .unwrap();
    let document = store_document(&deaf, UserId::new()).await.id;
    let workers = Arc::new(Workers::new(deaf.clone()));
    let waiting = [wait_for_a_job(&workers, "w", "day"), wait_for_a_job(&workers, "w", "night")];
    // They have all looked.
    sleep(Duration::from_secs(2)).await;
    enqueue(&deaf, document, "day", 1).await;
    enqueue(&deaf, document, "night", 1).await;
    for waits in waiting {
        assert!(timeout(DEADLINE, waits).await.expect("in time").unwrap().is_some());
    }
}
