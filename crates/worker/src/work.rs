//! One job: work on it until it ends, its lease is lost, or the worker stops.

use std::sync::Arc;
use std::time::Instant;

use colophon_db::jobs::TRACEPARENT;
use colophon_db::queue::{ClaimedJob, Fail, Failure, Finish};
use colophon_domain::ErrorClass;
use colophon_traces::{follows, span};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::claim::Place;
use crate::report::{End, Report};
use crate::{Ended, Processor, Stopped, Worker};

/// What became of the work on a job.
enum Worked {
    Ended(Ended),
    Stopped(Stopped),
    Interrupted,
}

impl Worked {
    /// In a word, for traces.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Ended(ended) => ended.status.as_str(),
            Self::Stopped(Stopped::Failed(_) | Stopped::InPart { .. }) => "attempt_failed",
            Self::Stopped(Stopped::LeaseLost) => "lease_lost",
            Self::Stopped(Stopped::Unreachable(_)) | Self::Interrupted => "released",
        }
    }
}

/// The span of an attempt, which follows from the request that asked for the job.
fn attempt_span(job: &ClaimedJob) -> Span {
    let span = span!(
        "attempt",
        otel.name = Empty,
        otel.kind = "consumer",
        colophon.job.id = Empty,
        colophon.job.attempt = job.attempt,
        colophon.job.outcome = Empty,
    );
    if !span.is_disabled() {
        span.record("otel.name", format!("job {}", job.class.strategy));
        span.record("colophon.job.id", job.lease.job_id.to_string());
        let option = job.options.as_ref().and_then(|options| options.get(TRACEPARENT));
        follows(&span, option.and_then(Value::as_str));
    }
    span
}

/// The slot is free again once the work is over; the place in the hand once the end is told.
pub(crate) async fn run<P: Processor>(
    worker: Arc<Worker<P>>,
    job: ClaimedJob,
    lost: CancellationToken,
    Place { slot, in_hand }: Place,
    ends: UnboundedSender<Report>,
) {
    let begun = Instant::now();
    let (lease, attempt) = (job.lease, job.attempt);
    let metrics = &colophon_metrics::get().jobs;
    let _busy = metrics.slot_taken();
    let span = attempt_span(&job);
    let outcome = tokio::select! {
        outcome = process(&worker.processor, job).instrument(span.clone()) => outcome,
        () = lost.cancelled() => Worked::Stopped(Stopped::LeaseLost),
        () = worker.stop.cancelled() => Worked::Interrupted,
    };
    let id = lease.job_id;
    span.record("colophon.job.outcome", outcome.as_str());
    let end = match outcome {
        Worked::Stopped(Stopped::LeaseLost) => {
            tracing::warn!(job = %id, attempt, "the lease was taken over; what was not stored is dropped");
            worker.hand.lay_down(&lease);
            metrics.lease_lost();
            return;
        }
        Worked::Stopped(Stopped::Failed(failure)) => {
            tracing::warn!(job = %id, attempt, code = failure.code, error = failure.message, "an attempt failed");
            End::Fail(Fail { lease, failure, delay_seconds: None, metrics: json!({}) })
        }
        Worked::Stopped(Stopped::InPart { failure, metrics }) => {
            tracing::info!(job = %id, attempt, code = failure.code, error = failure.message, "another attempt does the rest");
            End::Fail(Fail { lease, failure, delay_seconds: None, metrics })
        }
        Worked::Ended(Ended { status, failure, metrics }) => {
            tracing::debug!(job = %id, %status, seconds = begun.elapsed().as_secs_f64(), "a job ended");
            End::Finish(Finish { lease, status, failure, metrics })
        }
        Worked::Stopped(Stopped::Unreachable(error)) => {
            tracing::warn!(job = %id, attempt, error, "handed back, since the database cannot be reached");
            // The slot is kept that long: whatever is next would find the same.
            tokio::select! {
                () = tokio::time::sleep(worker.config.poll) => {}
                () = worker.stop.cancelled() => {}
            }
            End::Release(lease)
        }
        Worked::Interrupted => {
            tracing::info!(job = %id, "handed back, since the worker stops");
            End::Release(lease)
        }
    };
    drop(slot);
    // The reporter lives as long as any sender does.
    let _ = ends.send(Report { end, in_hand });
}

/// A panic is an attempt that failed by the file's doing, not the end of the worker.
async fn process<P: Processor>(processor: &Arc<P>, job: ClaimedJob) -> Worked {
    let processor = Arc::clone(processor);
    let work = async move { processor.process(&job).await };
    // A task of its own, so that a panic ends there; aborted when this future is dropped.
    let mut task = AbortOnDrop(tokio::spawn(work.instrument(Span::current())));
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
