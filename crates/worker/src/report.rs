//! Says how jobs ended: all that ended while the last word was on its way go together, so that one at a time is told at
//! once and thousands in a few statements. Again and again while the database cannot be reached: the fence makes it safe.

use std::sync::Arc;
use std::time::{Duration, Instant};

use colophon_db::queue::{Fail, Finish, Lease};
use colophon_db::{Database, Result, SystemScope};
use colophon_domain::JobId;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::{Processor, Worker};

/// Told in one statement at most.
const MOST: usize = 500;

/// How a job ended.
#[derive(Debug, Clone)]
pub(crate) enum End {
    Finish(Finish),
    Fail(Fail),
    Release(Lease),
}

impl End {
    fn lease(&self) -> &Lease {
        match self {
            Self::Finish(end) => &end.lease,
            Self::Fail(end) => &end.lease,
            Self::Release(lease) => lease,
        }
    }
}

/// How a job ended, with its place in the hand, which it keeps until that is told.
pub(crate) struct Report {
    pub end: End,
    pub in_hand: OwnedSemaphorePermit,
}

pub(crate) async fn run<P: Processor>(worker: Arc<Worker<P>>, mut ended: UnboundedReceiver<Report>) {
    let mut reports = Vec::with_capacity(MOST);
    while ended.recv_many(&mut reports, MOST).await > 0 {
        let (ends, in_hand): (Vec<End>, Vec<OwnedSemaphorePermit>) =
            reports.drain(..).map(|report| (report.end, report.in_hand)).unzip();
        tell(&worker.database, &ends, Instant::now() + worker.config.lease).await;
        for end in &ends {
            worker.hand.lay_down(end.lease());
        }
        drop(in_hand);
    }
}

/// All together; where that is refused, each by itself, so that one that cannot be told keeps no other from it.
async fn tell(database: &Database, ends: &[End], give_up: Instant) {
    match tell_together(database, ends, give_up).await {
        Ok(()) => {}
        Err(_) if ends.len() > 1 => {
            for end in ends {
                if let Err(error) = tell_together(database, std::slice::from_ref(end), give_up).await {
                    not_told(end, &error);
                }
            }
        }
        Err(error) => ends.iter().for_each(|end| not_told(end, &error)),
    }
}

fn not_told(end: &End, error: &colophon_db::Error) {
    tracing::error!(job = %end.lease().job_id, %error, "cannot say how a job ended; it will be taken back");
}

async fn tell_together(database: &Database, ends: &[End], give_up: Instant) -> Result<()> {
    loop {
        match tell_once(database, ends).await {
            Ok(told) => {
                for end in ends.iter().filter(|end| !told.contains(&end.lease().job_id)) {
                    let Lease { job_id, lease_seq } = end.lease();
                    tracing::warn!(job = %job_id, lease_seq, "the end of a job came too late: its lease was taken over");
                }
                return Ok(());
            }
            Err(error) if !error.is_transient() || Instant::now() > give_up => return Err(error),
            Err(error) => tracing::debug!(%error, "cannot say how jobs ended; trying again"),
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// One transaction. Gives the jobs that were still held.
async fn tell_once(database: &Database, ends: &[End]) -> Result<Vec<JobId>> {
    let (mut finishes, mut fails, mut releases) = (vec![], vec![], vec![]);
    for end in ends {
        match end {
            End::Finish(end) => finishes.push(end.clone()),
            End::Fail(end) => fails.push(end.clone()),
            End::Release(lease) => releases.push(*lease),
        }
    }
    let tx = database.session(&SystemScope::new()).begin().await?;
    let mut told = Vec::with_capacity(ends.len());
    let mut others_wait = false;
    if !finishes.is_empty() {
        let (ended, waiting) = tx.queue().finish(&finishes).await?;
        told.extend(ended.iter().map(|job| job.job_id));
        others_wait |= waiting;
    }
    if !fails.is_empty() {
        let (failed, waiting) = tx.queue().fail(&fails).await?;
        told.extend(failed.iter().map(|failed| failed.job.job_id));
        others_wait |= waiting;
    }
    if !releases.is_empty() {
        told.extend(tx.queue().release(&releases).await?.iter().map(|job| job.job_id));
    }
    // What is handed back is for other workers to take at once.
    if releases.is_empty() {
        tx.commit().await?;
    } else {
        tx.commit_and_wake().await?;
    }
    if others_wait {
        release_waiting(database).await;
    }
    Ok(told)
}

/// Lets go what waited for jobs that ended, so that it need not wait for the next look.
pub async fn release_waiting(database: &Database) {
    let released = async {
        let tx = database.session(&SystemScope::new()).begin().await?;
        let ready = tx.queue().release_waiting().await?;
        if ready.is_empty() { tx.commit().await } else { tx.commit_and_wake().await }
    };
    if let Err(error) = released.await {
        tracing::debug!(%error, "jobs that wait for others could not be looked at; the housekeeping will");
    }
}
