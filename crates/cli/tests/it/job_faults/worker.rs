//! A process that works on jobs which do nothing, through the crates, and writes down what it was told.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use colophon_db::queue::{Claim, ClaimedJob, Class, Finish};
use colophon_db::{ConnectionUrl, Database, Pooler, SystemScope};
use colophon_domain::{DEFAULT_QUEUE, DocumentId, JobStatus, NewJob, Units};
use colophon_worker::{Ended, Processor, Stopped};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ledger::{Ledger, Word};

const LEASE: Duration = Duration::from_secs(3);
/// Jobs of these are worked on by `colophon_worker::run`,
const RUN: &str = "nothing";
/// and of these by hand, so that each answer is written down.
const BY_HAND: &str = "nothing-by-hand";

const URL: &str = "COLOPHON_TEST_RECORDER_URL";
const LEDGER: &str = "COLOPHON_TEST_RECORDER_LEDGER";

/// This test program, as a worker.
pub fn command(url: &str, ledger: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "job_faults::worker::a_process_of_the_fault_harness", "--ignored", "--nocapture"])
        .env(URL, url)
        .env(LEDGER, ledger);
    command
}

#[test]
#[ignore = "it is a process that `no_fault_loses_a_job_or_ends_it_twice` starts"]
fn a_process_of_the_fault_harness() {
    let (Ok(url), Some(ledger)) = (std::env::var(URL), std::env::var_os(LEDGER)) else { return };
    let ledger = Ledger::at(Path::new(&ledger));
    runtime().block_on(async {
        let database = database(&url);
        for number in 0..4 {
            tokio::spawn(by_hand(
                database.clone(),
                ledger.clone(),
                format!("by-hand-{}-{number}", std::process::id()),
            ));
        }
        let mut config = colophon_worker::Config::new(4);
        config.lease = LEASE;
        colophon_worker::run(database, Recorder(ledger), config, CancellationToken::new()).await;
    });
}

/// Does nothing, and says what it was given.
struct Recorder(Ledger);

impl Processor for Recorder {
    fn strategies(&self) -> &'static [&'static str] {
        &[RUN]
    }

    async fn process(&self, job: &ClaimedJob) -> Result<Ended, Stopped> {
        self.0.write(Word::Claimed, job.lease.job_id.0, job.lease.lease_seq);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..80))).await;
        Ok(Ended { status: JobStatus::Completed, failure: None, metrics: json!({}) })
    }
}

/// One job after the other, with every answer in the ledger. Now and then it dawdles until its lease is long gone, and
/// then says all the same that it is done.
async fn by_hand(database: Database, ledger: Ledger, name: String) {
    loop {
        match claim(&database, &name).await {
            Ok(Some(job)) => {
                ledger.write(Word::Claimed, job.lease.job_id.0, job.lease.lease_seq);
                let works = if fastrand::u8(..50) == 0 {
                    LEASE * 2
                } else {
                    Duration::from_millis(fastrand::u64(..80))
                };
                tokio::time::sleep(works).await;
                finish(&database, &ledger, &job).await;
            }
            Ok(None) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn claim(database: &Database, name: &str) -> colophon_db::Result<Option<ClaimedJob>> {
    let class = Class { queue: DEFAULT_QUEUE.to_owned(), strategy: BY_HAND.to_owned(), priority: 2 };
    let claim = Claim {
        classes: &[(class, 0)],
        limit: 1,
        lease_seconds: LEASE.as_secs_f64(),
        worker: name,
        oldest_first: false,
    };
    let tx = database.session(&SystemScope::new()).begin().await?;
    let claimed = tx.queue().claim(&claim).await?;
    tx.commit().await?;
    Ok(claimed.into_iter().next())
}

/// Says it until there is an answer.
async fn finish(database: &Database, ledger: &Ledger, job: &ClaimedJob) {
    let write = |word| ledger.write(word, job.lease.job_id.0, job.lease.lease_seq);
    loop {
        match finish_once(database, job).await {
            Ok(true) => return write(Word::Finished),
            Ok(false) => return write(Word::Refused),
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                write(Word::Unanswered);
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn finish_once(database: &Database, job: &ClaimedJob) -> colophon_db::Result<bool> {
    let end = Finish { lease: job.lease, status: JobStatus::Completed, failure: None, metrics: json!({}) };
    let tx = database.session(&SystemScope::new()).begin().await?;
    let (ended, _) = tx.queue().finish(&[end]).await?;
    tx.commit().await?;
    Ok(!ended.is_empty())
}

/// Asks for jobs that do nothing, one after the other. What is not answered is not in the ledger, and may be there all the
/// same.
pub fn enqueue(url: &str, ledger: &Ledger, document: Uuid, over: &AtomicBool) {
    runtime().block_on(async {
        let database = database(url);
        let enqueuers = (0..3).map(async |_| {
            while !over.load(Ordering::Relaxed) {
                let strategy = if fastrand::bool() { RUN } else { BY_HAND };
                if let Ok(job) = enqueue_once(&database, document, strategy).await {
                    ledger.write(Word::Enqueued, job, 0);
                }
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        });
        futures_util::future::join_all(enqueuers).await;
    });
}

async fn enqueue_once(database: &Database, document: Uuid, strategy: &str) -> colophon_db::Result<Uuid> {
    let mut job = NewJob::new(DocumentId(document), 1, strategy);
    // A part of the document, so that nothing is said of its status.
    job.units = Units::Pages(vec![1]);
    // Whom a fault kills is chance: it is not the job's doing.
    job.max_attempts = 100;
    let tx = database.session(&SystemScope::new()).begin().await?;
    tx.jobs().enqueue(&job).await?;
    tx.commit_and_wake().await?;
    Ok(job.id.0)
}

fn database(url: &str) -> Database {
    Database::new(colophon_db::Config {
        url: ConnectionUrl::parse(url).unwrap(),
        direct_url: None,
        pooler: Pooler::None,
        pool_size: 12,
        application_name: "a fault harness".to_owned(),
    })
    .unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
