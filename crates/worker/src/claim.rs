//! Claims jobs for the slots that are free.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use colophon_db::queue::{ClaimedJob, Lease};
use colophon_db::{Database, Listener, Result, SystemScope};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::report::Report;
use crate::turns::{Turns, Wanted};
use crate::{Processor, Worker, work};

/// Claimed in one statement at most.
const MOST: usize = 500;

/// What a worker has room for. While the ends of some jobs are told, others are worked on: to tell takes as long as to claim.
pub(crate) struct Slots {
    /// One for each job that is worked on.
    work: Arc<Semaphore>,
    /// One for each job whose end is not told yet.
    hand: Arc<Semaphore>,
}

/// Slots for jobs that are about to be claimed.
struct Free {
    work: OwnedSemaphorePermit,
    hand: OwnedSemaphorePermit,
}

/// A job's slot, and its place in the hand.
pub(crate) struct Place {
    pub slot: OwnedSemaphorePermit,
    pub in_hand: OwnedSemaphorePermit,
}

impl Slots {
    /// For so many jobs at once.
    pub(crate) fn new(slots: usize) -> Self {
        Self { work: Arc::new(Semaphore::new(slots)), hand: Arc::new(Semaphore::new(2 * slots)) }
    }

    /// All that is free, once anything is; `None` where the worker stops before.
    async fn free(&self, stop: &CancellationToken) -> Option<Free> {
        let first = async {
            let hand = Arc::clone(&self.hand).acquire_owned().await.ok()?;
            let work = Arc::clone(&self.work).acquire_owned().await.ok()?;
            Some(Free { work, hand })
        };
        let mut free = tokio::select! {
            free = first => free?,
            () = stop.cancelled() => return None,
        };
        let more = self.hand.available_permits().min(self.work.available_permits()).min(MOST - 1);
        if let Ok(more) = u32::try_from(more)
            && more > 0
            && let Ok(hand) = Arc::clone(&self.hand).try_acquire_many_owned(more)
            && let Ok(work) = Arc::clone(&self.work).try_acquire_many_owned(more)
        {
            free.hand.merge(hand);
            free.work.merge(work);
        }
        Some(free)
    }
}

impl Free {
    fn len(&self) -> usize {
        self.work.num_permits()
    }

    fn take(&mut self) -> Option<Place> {
        Some(Place { slot: self.work.split(1)?, in_hand: self.hand.split(1)? })
    }
}

/// Until the worker stops.
pub(crate) async fn run<P: Processor>(
    worker: &Arc<Worker<P>>,
    listener: &Listener,
    slots: &Slots,
    jobs: &TaskTracker,
    ends: &UnboundedSender<Report>,
) {
    let woken = listener.woken();
    let turns = Turns::default();
    let strategies: Vec<String> = worker.processor.strategies().iter().map(|&name| name.to_owned()).collect();
    let mut is_in_doubt = false;
    while !worker.stop.is_cancelled() {
        let Some(free) = slots.free(&worker.stop).await else { return };
        // Interest is registered before the look, so that no wake-up between the two is lost.
        let mut woken = pin!(woken.notified());
        woken.as_mut().enable();
        // Before the claim, so that nobody here holds a lease longer than the database says.
        let until = Instant::now() + worker.config.lease;
        let claimed = async {
            if is_in_doubt {
                hand_back_unknown(&worker.database, &worker.config.name, &worker.hand.leases()).await?;
            }
            let wanted = Wanted {
                queues: &worker.config.queues,
                strategies: Some(&strategies),
                limit: free.len(),
                lease: worker.config.lease,
                worker: &worker.config.name,
            };
            turns.take(&worker.database, &wanted).await
        };
        let is_idle = match claimed.await {
            Ok(claimed) => {
                is_in_doubt = false;
                let is_idle = claimed.is_empty();
                spawn(worker, claimed, until, free, jobs, ends);
                if let Err(error) = turns.advance_if_due(&worker.database, &worker.config.queues).await {
                    tracing::debug!(%error, "cannot say where the turns stand; trying again");
                }
                is_idle
            }
            Err(error) => {
                is_in_doubt = true;
                tracing::debug!(%error, "cannot look for jobs; trying again");
                drop(free);
                true
            }
        };
        if !is_idle {
            continue;
        }
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(worker.config.poll) => {}
            () = worker.stop.cancelled() => {}
        }
    }
}

/// A claim whose answer was lost may have taken effect. What a worker holds and knows nothing of goes back at once,
/// or it would wait for the end of its lease, and count as killed.
///
/// # Errors
/// The database failed.
pub async fn hand_back_unknown(database: &Database, worker: &str, known: &[Lease]) -> Result<()> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let mut unknown = tx.queue().of_worker(worker).await?;
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
    mut free: Free,
    jobs: &TaskTracker,
    ends: &UnboundedSender<Report>,
) {
    for job in claimed {
        let Some(place) = free.take() else { return };
        let lost = worker.hand.take(job.lease, until);
        jobs.spawn(work::run(Arc::clone(worker), job, lost, place, ends.clone()));
    }
}
