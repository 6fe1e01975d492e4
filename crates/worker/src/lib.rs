//! Takes jobs from the queue, keeps their leases, and says how they ended.
//!
//! A worker does not own a job, it borrows it: with a fence (`lease_seq`) and until a time. While it works, a heartbeat
//! beside it prolongs the lease; where the lease was taken over, the work is dropped and nothing more is written.
//!
//! One loop claims for all free slots at once (`claim`), one prolongs every lease in hand (`heartbeat`), one says how
//! jobs ended, as many together as there are (`report`), one keeps house ([`keep_house`]). Between claim and end a job
//! takes no connection.
//!
//! **Architecture invariant:** nothing here knows what a job does. That is a [`Processor`]'s.

mod claim;
mod hand;
mod heartbeat;
mod housekeeping;
mod processor;
mod report;
mod schedules;
mod turns;
mod work;

pub use claim::hand_back_unknown;
pub use housekeeping::keep_house;
pub use processor::{Ended, Processor, Stopped};
pub use report::release_waiting;
pub use schedules::run_due_schedules;
pub use turns::{Turns, Wanted};

use std::sync::Arc;
use std::time::Duration;

use colophon_db::{Database, Listener};
use colophon_domain::DEFAULT_QUEUE;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a worker works.
#[derive(Debug, Clone)]
pub struct Config {
    /// Jobs worked on at once.
    pub slots: usize,
    /// The queues to take from.
    pub queues: Vec<String>,
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
            queues: vec![DEFAULT_QUEUE.to_owned()],
            lease: Duration::from_secs(20),
            poll: Duration::from_secs(1),
            name: format!("colophon-{process}-{start}"),
        }
    }
}

/// What the loops of a worker share.
struct Worker<P> {
    database: Database,
    processor: Arc<P>,
    config: Config,
    hand: hand::Hand,
    stop: CancellationToken,
}

/// Works until `stop` is cancelled. Then no new job is taken, and jobs in hand are handed back unfinished.
pub async fn run<P: Processor>(database: Database, processor: P, config: Config, stop: CancellationToken) {
    let listener = Listener::start(&database);
    let slots = claim::Slots::new(config.slots);
    let hand = hand::Hand::default();
    colophon_metrics::get().jobs.slots_added(config.slots);
    let worker = Arc::new(Worker { database, processor: Arc::new(processor), config, hand, stop });
    let (ends, ended) = mpsc::unbounded_channel();
    // Beside the work, and a little longer: leases are kept, and ends are told, until the last job has ended.
    let done = CancellationToken::new();
    let beside = TaskTracker::new();
    beside.spawn(heartbeat::run(Arc::clone(&worker), done.clone()));
    beside.spawn(report::run(Arc::clone(&worker), ended));
    beside.spawn(keep_house(worker.database.clone(), worker.config.poll, worker.stop.clone()));
    let jobs = TaskTracker::new();
    claim::run(&worker, &listener, &slots, &jobs, &ends).await;
    jobs.close();
    jobs.wait().await;
    drop(ends);
    done.cancel();
    beside.close();
    beside.wait().await;
}
