//! Prolongs the leases in hand, all in one statement. A database that cannot be reached is not a lost lease until the
//! lease is over.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use colophon_db::queue::{Beat, Lease};
use colophon_db::{Result, SystemScope};
use tokio_util::sync::CancellationToken;

use crate::{Processor, Worker};

pub(crate) async fn run<P: Processor>(worker: Arc<Worker<P>>, done: CancellationToken) {
    let every = worker.config.lease / 4;
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = done.cancelled() => return,
        }
        let asked = worker.hand.leases();
        if asked.is_empty() {
            continue;
        }
        // The lease counts from before the statement, so that nobody here holds it longer than the database says.
        let begun = Instant::now();
        let until = begun + worker.config.lease;
        let lost = match beat(&worker, &asked).await {
            Ok(held) => worker.hand.prolonged(&asked, |lease| held.contains(lease), until),
            Err(error) => {
                tracing::debug!(%error, "a heartbeat did not get through");
                colophon_metrics::get().jobs.heartbeat_late();
                worker.hand.give_up_overdue()
            }
        };
        // With the pause before it, half of the lease is over.
        if begun.elapsed() > every {
            colophon_metrics::get().jobs.heartbeat_late();
        }
        if lost > 0 {
            tracing::warn!(lost, "leases were lost: what is not stored of those jobs is dropped");
        }
    }
}

async fn beat<P: Processor>(worker: &Worker<P>, asked: &[Lease]) -> Result<HashSet<Lease>> {
    let beats: Vec<Beat> =
        asked.iter().map(|lease| Beat { lease: *lease, progress: None, current_zone_id: None }).collect();
    let tx = worker.database.session(&SystemScope::new()).begin().await?;
    let held = tx.queue().heartbeat(&beats, worker.config.lease.as_secs_f64()).await?;
    tx.commit().await?;
    let held: HashSet<_> = held.iter().map(|held| held.job_id).collect();
    Ok(asked.iter().filter(|lease| held.contains(&lease.job_id)).copied().collect())
}
