//! Colophon's own engine: enqueues and works through the public API of its crates.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use colophon_db::queue::ClaimedJob;
use colophon_db::{Config, ConnectionUrl, Database, Pooler, SystemScope};
use colophon_domain::{DocumentId, JobId, JobStatus, NewJob, Units, UserId};
use colophon_embedded::SUPERUSER;
use colophon_migrate::{Migrator, prepare_plain_database};
use colophon_testkit::store_document;
use colophon_worker::{Ended, Processor, Stopped};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::engines::{BATCH, EVERY, WARM_UP, Worked};
use crate::server::Server;

/// How it is run.
pub const SETTING: &str = "500 slots, 12 connections; jobs().enqueue_many, 1,000 in a transaction";

const STRATEGY: &str = "noop";
const SLOTS: usize = 500;
const CONNECTIONS: usize = 12;
const DOCUMENTS: usize = 100;
/// How many of the jobs that started last may not have ended when the worker says so: more than it can have in hand.
const IN_HAND: usize = 4_000;

pub struct Colophon {
    database: Database,
    documents: Vec<DocumentId>,
    payload: Map<String, Value>,
    next: usize,
}

impl Colophon {
    /// Migrates the empty database, and stores documents that jobs may name.
    pub async fn start(server: &Server, payload: &Value) -> Result<Self> {
        prepare_plain_database(&server.url(SUPERUSER, "colophon")).await?;
        Migrator::connect(&server.url("postgres", "colophon")).await?.up(|_| {}).await?;
        let database = Database::new(Config {
            url: ConnectionUrl::parse(&server.url("authenticator", "colophon"))?,
            direct_url: None,
            pooler: Pooler::None,
            pool_size: CONNECTIONS,
            application_name: "a measurement".to_owned(),
        })?;
        let owner = UserId::new();
        let mut documents = Vec::new();
        for _ in 0..DOCUMENTS {
            documents.push(store_document(&database, owner).await.id);
        }
        Ok(Self { database, documents, payload: payload.as_object().cloned().unwrap_or_default(), next: 0 })
    }

    pub async fn enqueue(&mut self, jobs: usize) -> Result<f64> {
        let jobs: Vec<NewJob> = (0..jobs).map(|_| self.job()).collect();
        let begun = Instant::now();
        for batch in jobs.chunks(BATCH) {
            let tx = self.database.session(&SystemScope::new()).begin().await?;
            tx.commit_with_next();
            tx.jobs().enqueue_many(batch).await?;
            tx.commit_and_wake().await?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    pub async fn work(&mut self, jobs: usize, limit: Duration) -> Result<Worked> {
        let counter = Arc::new(Counter::default());
        counter.wait_for(jobs);
        let worker = Worker::start(&self.database, &counter);
        if timeout(limit, counter.enough.notified()).await.is_ok() {
            // The worker hands back what it has when it is stopped, so the last ones end first.
            let last = counter.last();
            while self.live(&last).await? > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        let end = Instant::now();
        worker.stop().await?;
        let (done, first) = counter.so_far();
        Ok(Worked { done, seconds: first.map_or(0.0, |first| (end - first).as_secs_f64()) })
    }

    pub async fn latency(&mut self, jobs: usize, limit: Duration) -> Result<Vec<f64>> {
        let counter = Arc::new(Counter::default());
        let worker = Worker::start(&self.database, &counter);
        for _ in 0..WARM_UP {
            self.one(&counter).await?;
        }
        let (begun, mut waits) = (Instant::now(), Vec::new());
        while waits.len() < jobs && begun.elapsed() < limit {
            waits.push(self.one(&counter).await?.as_secs_f64() * 1e3);
        }
        worker.stop().await?;
        Ok(waits)
    }

    /// From the call that enqueues a job to its start.
    async fn one(&mut self, counter: &Counter) -> Result<Duration> {
        counter.wait_for(1);
        let job = self.job();
        let begun = Instant::now();
        let tx = self.database.session(&SystemScope::new()).begin().await?;
        tx.commit_with_next();
        tx.jobs().enqueue_many(std::slice::from_ref(&job)).await?;
        tx.commit_and_wake().await?;
        if timeout(Duration::from_secs(30), counter.enough.notified()).await.is_err() {
            bail!("a job was not started within 30 seconds");
        }
        tokio::time::sleep(EVERY.saturating_sub(begun.elapsed())).await;
        let started = counter.started_at(job.id);
        Ok(started.map_or(Duration::ZERO, |started| started - begun))
    }

    async fn live(&self, jobs: &[JobId]) -> Result<i64> {
        let tx = self.database.session(&SystemScope::new()).begin().await?;
        let live = tx.jobs().live(jobs).await?;
        tx.commit().await?;
        Ok(live)
    }

    /// A job on one page of one of the documents.
    fn job(&mut self) -> NewJob {
        let number = self.next;
        self.next += 1;
        let mut options = self.payload.clone();
        options.insert("n".to_owned(), json!(number));
        let document = self.documents[number % self.documents.len()];
        NewJob { options, units: Units::Pages(vec![1]), ..NewJob::new(document, 1, STRATEGY) }
    }
}

struct Worker {
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Worker {
    fn start(database: &Database, counter: &Arc<Counter>) -> Self {
        let stop = CancellationToken::new();
        let config = colophon_worker::Config::new(SLOTS);
        let work = colophon_worker::run(database.clone(), Noop(Arc::clone(counter)), config, stop.clone());
        Self { stop, running: tokio::spawn(work) }
    }

    async fn stop(self) -> Result<()> {
        self.stop.cancel();
        Ok(self.running.await?)
    }
}

struct Noop(Arc<Counter>);

impl Processor for Noop {
    fn strategies(&self) -> &'static [&'static str] {
        const { &[STRATEGY] }
    }

    async fn process(&self, job: &ClaimedJob) -> Result<Ended, Stopped> {
        self.0.started(job.lease.job_id);
        Ok(Ended { status: JobStatus::Completed, failure: None, metrics: json!({}) })
    }
}

/// Which jobs have started, and when.
#[derive(Default)]
struct Counter {
    counted: Mutex<Counted>,
    enough: Notify,
}

#[derive(Default)]
struct Counted {
    starts: HashMap<JobId, Instant>,
    last: VecDeque<JobId>,
    first: Option<Instant>,
    count: usize,
    wanted: usize,
}

impl Counter {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts anew; `enough` is notified at the last of so many.
    fn wait_for(&self, jobs: usize) {
        *self.counted() = Counted { wanted: jobs, ..Counted::default() };
    }

    fn started(&self, job: JobId) {
        let now = Instant::now();
        let mut counted = self.counted();
        counted.starts.insert(job, now);
        counted.first.get_or_insert(now);
        counted.count += 1;
        counted.last.push_back(job);
        if counted.last.len() > IN_HAND {
            counted.last.pop_front();
        }
        if counted.count == counted.wanted {
            self.enough.notify_one();
        }
    }

    fn started_at(&self, job: JobId) -> Option<Instant> {
        self.counted().starts.get(&job).copied()
    }

    fn so_far(&self) -> (usize, Option<Instant>) {
        let counted = self.counted();
        (counted.count, counted.first)
    }

    fn last(&self) -> Vec<JobId> {
        self.counted().last.iter().copied().collect()
    }
}
