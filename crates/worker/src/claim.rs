//! Claims jobs for the slots that are free.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use colophon_db::queue::{ClaimedJob, Lease};
use colophon_db::{Database, Listener, Result, SystemScope};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::report::Report;
use crate::turns::{Turns, Wanted};
use crate::{Processor, Worker, work};

/// Claimed in one statement at most.
const MOST: usize = 500;

/// Until the worker stops.
pub(crate) async fn run<P: Processor>(
    worker: &Arc<Worker<P>>,
    listener: &Listener,
    slots: &Arc<Semaphore>,
    jobs: &TaskTracker,
    ends: &UnboundedSender<Report>,
) {
    let woken = listener.woken();
    let turns = Turns::default();
    let strategies: Vec<String> = worker.processor.strategies().iter().map(|&name| name.to_owned()).collect();
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
                hand_back_unknown(&worker.database, &worker.config.name, &worker.hand.leases()).await?;
            }
            let wanted = Wanted {
                queues: &worker.config.queues,
                strategies: Some(&strategies),
                limit: free.num_permits(),
                lease: worker.config.lease,
                worker: &worker.config.name,
            };
            turns.claim(&worker.database, &wanted).await
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
