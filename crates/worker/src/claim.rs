//! Claims jobs for the slots that are free.
//!
//! The queue is looked through from where its turns stand, so that rows which are dead but kept by somebody's old
//! transaction cost nothing; now and then from the start, for what came to stand before (a transaction that queued a job
//! and was long to commit).

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use colophon_db::queue::{Claim, ClaimedJob, Class, Position};
use colophon_db::{Database, Listener, Result, SystemScope};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::report::Report;
use crate::{Processor, Worker, work};

/// Claimed in one statement at most.
const MOST: usize = 500;

/// Of so many claims, one takes first what has waited longest, whatever its priority.
const AGED: u64 = 4;

/// How often the turns are said and read while there is work,
const ADVANCE: Duration = Duration::from_millis(100);
/// and how often everything is looked through.
const SWEEP: Duration = Duration::from_secs(1);

/// Until the worker stops.
pub(crate) async fn run<P: Processor>(
    worker: &Arc<Worker<P>>,
    listener: &Listener,
    slots: &Arc<Semaphore>,
    jobs: &TaskTracker,
    ends: &UnboundedSender<Report>,
) {
    let woken = listener.woken();
    let mut turns = Turns::new(worker);
    let mut is_in_doubt = false;
    while !worker.stop.is_cancelled() {
        let Some(free) = free(slots, &worker.stop).await else { return };
        // Interest is registered before the look, so that no wake-up between the two is lost.
        let mut woken = pin!(woken.notified());
        woken.as_mut().enable();
        // Before the claim, so that nobody here holds a lease longer than the database says.
        let until = Instant::now() + worker.config.lease;
        let claimed = async {
            if is_in_doubt {
                hand_back_unknown(worker).await?;
            }
            turns.claim(&worker.database, free.num_permits()).await
        };
        match claimed.await {
            Ok(claimed) => {
                is_in_doubt = false;
                if !claimed.is_empty() {
                    spawn(worker, claimed, until, free, jobs, ends);
                    continue;
                }
            }
            Err(error) => {
                is_in_doubt = true;
                tracing::debug!(%error, "cannot look for jobs; trying again");
            }
        }
        drop(free);
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(worker.config.poll) => {}
            () = worker.stop.cancelled() => {}
        }
    }
}

/// Every slot that is free, once one is.
async fn free(
    slots: &Arc<Semaphore>,
    stop: &tokio_util::sync::CancellationToken,
) -> Option<OwnedSemaphorePermit> {
    let first = tokio::select! {
        permit = Arc::clone(slots).acquire_owned() => permit.ok()?,
        () = stop.cancelled() => return None,
    };
    let mut free = first;
    let more = slots.available_permits().min(MOST - 1);
    if let Ok(more) = u32::try_from(more)
        && more > 0
        && let Ok(more) = Arc::clone(slots).try_acquire_many_owned(more)
    {
        free.merge(more);
    }
    Some(free)
}

/// A claim whose answer was lost may have taken effect. What this worker holds and knows nothing of goes back at once,
/// or it would wait for the end of its lease, and count as killed.
async fn hand_back_unknown<P: Processor>(worker: &Worker<P>) -> Result<()> {
    let tx = worker.database.session(&SystemScope::new()).begin().await?;
    let mut unknown = tx.queue().of_worker(&worker.config.name).await?;
    let known = worker.hand.leases();
    unknown.retain(|lease| !known.contains(lease));
    if unknown.is_empty() {
        return tx.commit().await;
    }
    tracing::info!(jobs = unknown.len(), "handing back jobs whose claim was never answered");
    tx.queue().release(&unknown).await?;
    tx.commit_and_wake().await
}

fn spawn<P: Processor>(
    worker: &Arc<Worker<P>>,
    claimed: Vec<ClaimedJob>,
    until: Instant,
    mut free: OwnedSemaphorePermit,
    jobs: &TaskTracker,
    ends: &UnboundedSender<Report>,
) {
    for job in claimed {
        let Some(slot) = free.split(1) else { return };
        let lost = worker.hand.take(job.lease, until);
        jobs.spawn(work::run(Arc::clone(worker), job, lost, slot, ends.clone()));
    }
}

/// Where the turns of each class stand.
struct Turns {
    worker: String,
    lease: Duration,
    queues: Vec<String>,
    classes: Vec<Class>,
    /// As the workers said the time before last: whoever queues a job now stands behind this.
    from: HashMap<Class, Position>,
    said: HashMap<Class, Position>,
    /// How far this worker came, and has not said yet.
    reached: HashMap<Class, Position>,
    is_limited: bool,
    advanced: Option<Instant>,
    swept: Option<Instant>,
    claims: u64,
}

impl Turns {
    fn new<P: Processor>(worker: &Worker<P>) -> Self {
        let strategies = worker.processor.strategies();
        let queues = worker.config.queues.clone();
        let class = |queue: &String, strategy: &str, priority| Class {
            queue: queue.clone(),
            strategy: strategy.to_owned(),
            priority,
        };
        let classes = queues
            .iter()
            .flat_map(|queue| strategies.iter().map(move |strategy| (queue, *strategy)))
            .flat_map(|(queue, strategy)| (1..=4).map(move |priority| class(queue, strategy, priority)))
            .collect();
        Self {
            worker: worker.config.name.clone(),
            lease: worker.config.lease,
            queues,
            classes,
            from: HashMap::new(),
            said: HashMap::new(),
            reached: HashMap::new(),
            is_limited: false,
            advanced: None,
            swept: None,
            claims: 0,
        }
    }

    async fn claim(&mut self, database: &Database, limit: usize) -> Result<Vec<ClaimedJob>> {
        if self.advanced.is_none_or(|at| at.elapsed() >= ADVANCE) {
            self.advance(database).await?;
        }
        // Under limits, jobs are left behind on purpose.
        let is_sweep = self.is_limited || self.swept.is_none_or(|at| at.elapsed() >= SWEEP);
        let claimed = self.claim_from(database, limit, is_sweep).await?;
        if is_sweep {
            self.swept = Some(Instant::now());
        }
        for job in &claimed {
            let reached = self.reached.entry(job.class.clone()).or_insert(job.position);
            *reached = job.position.max(*reached);
        }
        Ok(claimed)
    }

    async fn claim_from(
        &mut self,
        database: &Database,
        limit: usize,
        is_sweep: bool,
    ) -> Result<Vec<ClaimedJob>> {
        self.claims += 1;
        let from =
            |class: &Class| if is_sweep { 0 } else { self.from.get(class).copied().unwrap_or_default() };
        let classes: Vec<(Class, Position)> =
            self.classes.iter().map(|class| (class.clone(), from(class))).collect();
        let claim = Claim {
            classes: &classes,
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
            lease_seconds: self.lease.as_secs_f64(),
            worker: &self.worker,
            oldest_first: self.claims.is_multiple_of(AGED),
        };
        let tx = database.session(&SystemScope::new()).begin().await?;
        if self.is_limited {
            tx.queue().one_by_one().await?;
        }
        let claimed = tx.queue().claim(&claim).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// Says how far this worker came, and hears how far all did.
    async fn advance(&mut self, database: &Database) -> Result<()> {
        let reached: Vec<(Class, Position)> =
            self.reached.iter().map(|(class, position)| (class.clone(), *position)).collect();
        let queues: Vec<&str> = self.queues.iter().map(String::as_str).collect();
        let tx = database.session(&SystemScope::new()).begin().await?;
        if !reached.is_empty() {
            tx.queue().advance(&reached).await?;
        }
        let positions = tx.queue().positions(&queues).await?;
        let is_limited = tx.queue().is_limited().await?;
        tx.commit().await?;
        self.reached.clear();
        self.from = std::mem::replace(&mut self.said, positions.into_iter().collect());
        self.is_limited = is_limited;
        self.advanced = Some(Instant::now());
        Ok(())
    }
}
