//! One job: work on it until it ends, its lease is lost, or the worker stops.

use std::sync::Arc;
use std::time::Instant;

use colophon_db::queue::{ClaimedJob, Fail, Failure, Finish};
use colophon_domain::ErrorClass;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::report::{End, Report};
use crate::{Ended, Processor, Stopped, Worker};

/// What became of the work on a job.
enum Worked {
    Ended(Ended),
    Stopped(Stopped),
    Interrupted,
}

/// The slot is free again once the end is told.
pub(crate) async fn run<P: Processor>(
    worker: Arc<Worker<P>>,
    job: ClaimedJob,
    lost: CancellationToken,
    slot: OwnedSemaphorePermit,
    ends: UnboundedSender<Report>,
) {
    let begun = Instant::now();
    let (lease, attempt) = (job.lease, job.attempt);
    let worked = tokio::select! {
        worked = process(&worker.processor, job) => worked,
        () = lost.cancelled() => Worked::Stopped(Stopped::LeaseLost),
        () = worker.stop.cancelled() => Worked::Interrupted,
    };
    let id = lease.job_id;
    let end = match worked {
        Worked::Stopped(Stopped::LeaseLost) => {
            tracing::warn!(job = %id, attempt, "the lease was taken over; what was not stored is dropped");
            worker.hand.lay_down(&lease);
            return;
        }
        Worked::Stopped(Stopped::Failed(failure)) => {
            tracing::warn!(job = %id, attempt, code = failure.code, error = failure.message, "an attempt failed");
            End::Fail(Fail { lease, failure, delay_seconds: None, metrics: json!({}) })
        }
        Worked::Ended(Ended { status, failure, metrics }) => {
            tracing::debug!(job = %id, %status, seconds = begun.elapsed().as_secs_f64(), "a job ended");
            End::Finish(Finish { lease, status, failure, metrics })
        }
        Worked::Interrupted => {
            tracing::info!(job = %id, "handed back, since the worker stops");
            End::Release(lease)
        }
    };
    // The reporter lives as long as any sender does.
    let _ = ends.send(Report { end, slot });
}

/// A panic is an attempt that failed by the file's doing, not the end of the worker.
async fn process<P: Processor>(processor: &Arc<P>, job: ClaimedJob) -> Worked {
    let processor = Arc::clone(processor);
    let work = async move { processor.process(&job).await };
    // A task of its own, so that a panic ends there; aborted when this future is dropped.
    let mut task = AbortOnDrop(tokio::spawn(work));
    match (&mut task.0).await {
        Ok(Ok(ended)) => Worked::Ended(ended),
        Ok(Err(stopped)) => Worked::Stopped(stopped),
        Err(join) => Worked::Stopped(Stopped::Failed(Failure {
            class: ErrorClass::Poison,
            code: "worker_panicked".to_owned(),
            message: format!("the worker panicked: {join}"),
        })),
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
