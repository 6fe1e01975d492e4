//! Takes jobs from the queue, keeps their leases, and says how they ended.
//!
//! A worker does not own a job, it borrows it: with a fence (`lease_seq`) and until a time. While it works, a heartbeat
//! beside it prolongs the lease; where the lease was taken over, the work is dropped and nothing more is written.
//!
//! **Architecture invariant:** nothing here knows what a job does. That is a [`Processor`]'s.

mod processor;
mod slot;

pub use processor::{Ended, Processor, Stopped};

use std::sync::Arc;
use std::time::Duration;

use colophon_db::jobs::DEFAULT_QUEUE;
use colophon_db::{Database, Listener, SystemScope};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct Config {
    /// Jobs worked on at once.
    pub slots: usize,
    /// The queue to take from.
    pub queue: String,
    /// How long a lease lasts; heartbeats come four times in it. What a killed worker held is taken back after it.
    pub lease: Duration,
    /// How often to look without being woken.
    pub poll: Duration,
    /// Who holds the leases; unique to this start of the program.
    pub name: String,
}

impl Config {
    /// `slots` jobs at once, a lease of 20 seconds, a look every second.
    pub fn new(slots: usize) -> Self {
        let process = std::process::id();
        let start = uuid::Uuid::now_v7().simple();
        Self {
            slots,
            queue: DEFAULT_QUEUE.to_owned(),
            lease: Duration::from_secs(20),
            poll: Duration::from_secs(1),
            name: format!("colophon-{process}-{start}"),
        }
    }
}

/// Works until `stop` is cancelled. Then no new job is taken, and jobs in hand are handed back unfinished.
pub async fn run<P: Processor>(database: Database, processor: P, config: Config, stop: CancellationToken) {
    let listener = Listener::start(&database);
    let (processor, config) = (Arc::new(processor), Arc::new(config));
    let tasks = TaskTracker::new();
    for _ in 0..config.slots {
        let slot = slot::Slot {
            database: database.clone(),
            processor: Arc::clone(&processor),
            config: Arc::clone(&config),
            woken: listener.woken(),
            stop: stop.clone(),
        };
        tasks.spawn(slot.run());
    }
    tasks.spawn(keep_house(database, config.poll, stop));
    tasks.close();
    tasks.wait().await;
}

/// Makes due jobs claimable and takes back lost ones. Every node does: a reaper that can stall is no reaper.
async fn keep_house(database: Database, every: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = keep_house_once(&database).await {
            tracing::debug!(%error, "the queue could not be looked after; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn keep_house_once(database: &Database) -> colophon_db::Result<()> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let promoted = tx.queue().promote().await?;
    let lost = tx.queue().reap().await?;
    if lost > 0 {
        tracing::warn!(lost, "took back jobs whose worker stopped without a word");
    }
    if promoted > 0 || lost > 0 { tx.commit_and_wake().await } else { tx.commit().await }
}
