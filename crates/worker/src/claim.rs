//! Claims jobs for the slots that are free.

use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use colophon_db::Listener;
use colophon_db::queue::ClaimedJob;
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
    while !worker.stop.is_cancelled() {
        let Some(free) = free(slots, &worker.stop).await else { return };
        // Interest is registered before the look, so that no wake-up between the two is lost.
        let mut woken = pin!(woken.notified());
        woken.as_mut().enable();
        let wanted = Wanted {
            queues: &worker.config.queues,
            strategies: Some(&strategies),
            limit: free.num_permits(),
            lease: worker.config.lease,
            worker: &worker.config.name,
        };
        match turns.claim(&worker.database, &wanted).await {
            Ok(claimed) if !claimed.is_empty() => {
                spawn(worker, claimed, free, jobs, ends);
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "cannot look for jobs; trying again"),
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

fn spawn<P: Processor>(
    worker: &Arc<Worker<P>>,
    claimed: Vec<ClaimedJob>,
    mut free: OwnedSemaphorePermit,
    jobs: &TaskTracker,
    ends: &UnboundedSender<Report>,
) {
    let until = Instant::now() + worker.config.lease;
    for job in claimed {
        let Some(slot) = free.split(1) else { return };
        let lost = worker.hand.take(job.lease, until);
        jobs.spawn(work::run(Arc::clone(worker), job, lost, slot, ends.clone()));
    }
}
