//! One job at a time: claim, work with a heartbeat beside it, say how it ended.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use colophon_db::queue::{ClaimedJob, Failure, Lease};
use colophon_db::{Database, ErrorKind, Result, SystemScope};
use colophon_domain::{ErrorClass, JobStatus};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Config, Ended, Processor, Stopped};

pub(crate) struct Slot<P> {
    pub database: Database,
    pub processor: Arc<P>,
    pub config: Arc<Config>,
    pub woken: Arc<Notify>,
    pub stop: CancellationToken,
}

/// What became of the work on a job.
enum Worked {
    Ended(Ended),
    Stopped(Stopped),
    Interrupted,
}

impl<P: Processor> Slot<P> {
    pub async fn run(self) {
        while !self.stop.is_cancelled() {
            // Interest is registered before the look, so that no wake-up between the two is lost.
            let woken = self.woken.notified();
            let mut woken = pin!(woken);
            woken.as_mut().enable();
            match self.claim().await {
                Ok(Some(job)) => {
                    self.work(job).await;
                    continue;
                }
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "cannot look for jobs; trying again"),
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(self.config.poll) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    async fn claim(&self) -> Result<Option<ClaimedJob>> {
        let Config { queue, lease, name, .. } = &*self.config;
        let tx = self.database.session(&SystemScope::new()).begin().await?;
        let claimed =
            tx.queue().claim(queue, self.processor.strategies(), 1, lease.as_secs_f64(), name).await?;
        tx.commit().await?;
        Ok(claimed.into_iter().next())
    }

    async fn work(&self, job: ClaimedJob) {
        let begun = Instant::now();
        let worked = tokio::select! {
            worked = self.process(job.clone()) => worked,
            () = self.keep_lease(&job.lease) => Worked::Stopped(Stopped::LeaseLost),
            () = self.stop.cancelled() => Worked::Interrupted,
        };
        let (id, attempt) = (job.lease.job_id, job.attempt);
        match &worked {
            Worked::Stopped(Stopped::LeaseLost) => {
                tracing::warn!(job = %id, attempt, "the lease was taken over; what was not stored is dropped");
                return;
            }
            Worked::Stopped(Stopped::Failed(failure)) => {
                tracing::warn!(job = %id, attempt, code = failure.code, error = failure.message, "an attempt failed");
            }
            Worked::Ended(ended) => {
                tracing::info!(job = %id, status = %ended.status, seconds = begun.elapsed().as_secs_f64(), "a job ended");
            }
            Worked::Interrupted => tracing::info!(job = %id, "handed back, since the worker stops"),
        }
        self.report(&job, worked).await;
    }

    /// A panic is an attempt that failed, not the end of the worker.
    async fn process(&self, job: ClaimedJob) -> Worked {
        let processor = Arc::clone(&self.processor);
        let work = async move { processor.process(&job).await };
        // A task of its own, so that a panic ends there; aborted when this future is dropped.
        let mut task = AbortOnDrop(tokio::spawn(work));
        match (&mut task.0).await {
            Ok(Ok(ended)) => Worked::Ended(ended),
            Ok(Err(stopped)) => Worked::Stopped(stopped),
            Err(join) => Worked::Stopped(Stopped::Failed(Failure {
                class: ErrorClass::Transient,
                code: "worker_panicked".to_owned(),
                message: format!("the worker panicked: {join}"),
            })),
        }
    }

    /// Returns when the lease is lost. A database that cannot be reached is not a lost lease until the lease is over.
    async fn keep_lease(&self, lease: &Lease) {
        let every = self.config.lease / 4;
        let mut until = Instant::now() + self.config.lease;
        loop {
            tokio::time::sleep(every).await;
            match self.heartbeat(lease).await {
                Ok(true) => until = Instant::now() + self.config.lease,
                Ok(false) => return,
                Err(error) if Instant::now() > until => {
                    tracing::warn!(%error, job = %lease.job_id, "no heartbeat got through while the lease lasted");
                    return;
                }
                Err(error) => tracing::debug!(%error, job = %lease.job_id, "a heartbeat did not get through"),
            }
        }
    }

    async fn heartbeat(&self, lease: &Lease) -> Result<bool> {
        let tx = self.database.session(&SystemScope::new()).begin().await?;
        let held = tx.queue().heartbeat(std::slice::from_ref(lease), self.config.lease.as_secs_f64()).await?;
        tx.commit().await?;
        Ok(!held.is_empty())
    }

    /// Says how the job ended, again and again while the database cannot be reached: the fence makes that safe.
    async fn report(&self, job: &ClaimedJob, worked: Worked) {
        let give_up = Instant::now() + self.config.lease;
        loop {
            match self.report_once(job, &worked).await {
                Ok(()) => return,
                Err(error) if *error.kind() == ErrorKind::Stale => {
                    tracing::warn!(job = %job.lease.job_id, %error, "the end of a job came too late");
                    return;
                }
                Err(error) if !error.is_transient() || Instant::now() > give_up => {
                    tracing::error!(job = %job.lease.job_id, %error, "cannot say how a job ended; it will be taken back");
                    return;
                }
                Err(error) => tracing::debug!(%error, "cannot say how a job ended; trying again"),
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    async fn report_once(&self, job: &ClaimedJob, worked: &Worked) -> Result<()> {
        let tx = self.database.session(&SystemScope::new()).begin().await?;
        let (queue, lease) = (tx.queue(), &job.lease);
        match worked {
            Worked::Ended(ended) => {
                let document = document_status(ended.status);
                queue.complete(lease, ended.status, document, ended.failure.as_ref(), &ended.metrics).await?;
            }
            Worked::Interrupted => queue.release(lease).await?,
            Worked::Stopped(Stopped::Failed(failure))
                if failure.class == ErrorClass::Transient && job.attempt < job.max_attempts =>
            {
                queue.retry(lease, retry_delay(job.attempt).as_secs_f64(), failure, &json!({})).await?;
            }
            Worked::Stopped(Stopped::Failed(failure)) => {
                queue.complete(lease, JobStatus::Failed, "failed", Some(failure), &json!({})).await?;
            }
            Worked::Stopped(Stopped::LeaseLost) => {}
        }
        tx.commit().await
    }
}

fn document_status(job: JobStatus) -> &'static str {
    match job {
        JobStatus::Completed => "processed",
        JobStatus::PartiallyCompleted => "partially_processed",
        _ => "failed",
    }
}

/// 2, 4, 8, … seconds, ten minutes at most, each a quarter more or less, so that many do not come back at once.
fn retry_delay(attempt: i16) -> Duration {
    let doubled = 2_u64.saturating_pow(u32::from(attempt.unsigned_abs())).min(600);
    Duration::from_secs(doubled).mul_f64(0.75 + fastrand::f64() / 2.0)
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
