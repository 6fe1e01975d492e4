//! The live queue: claim, hold, heartbeat, complete, retry, release, promote, reap. Only for the platform itself.

use colophon_domain::{DocumentId, ErrorClass, JobId, JobStatus};
use jiff::Timestamp;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, SystemScope, Tx};

/// The live queue.
pub struct Queue<'t>(&'t Tx<SystemScope>);

impl Tx<SystemScope> {
    /// The live queue.
    pub fn queue(&self) -> Queue<'_> {
        Queue(self)
    }
}

/// The right to work on a job and to say how it ended. Whoever holds an old one changes nothing.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The job.
    pub job_id: JobId,
    /// The fence: raised by every claim and every rescue.
    pub lease_seq: i64,
    /// Who holds it.
    pub worker: String,
    /// Since when.
    pub since: Timestamp,
}

/// A job that a worker has taken.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// The right to work on it.
    pub lease: Lease,
    /// The document.
    pub document_id: DocumentId,
    /// Version of the document.
    pub version: i32,
    /// Name of the strategy.
    pub strategy: String,
    /// Strategy's own settings.
    pub options: Option<Value>,
    /// This attempt, from 1.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// Key of the version's object; absent where the version has none.
    pub storage_path: Option<String>,
    /// Pages of the version.
    pub page_count: Option<i32>,
}

/// How an attempt failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What may be done about it.
    pub class: ErrorClass,
    /// Stable name.
    pub code: String,
    /// In words.
    pub message: String,
}

impl Queue<'_> {
    /// Takes up to `limit` jobs that are due and leases each for `lease_seconds`.
    pub async fn claim(
        &self,
        queue: &str,
        strategies: &[&str],
        limit: i64,
        lease_seconds: f64,
        worker: &str,
    ) -> Result<Vec<ClaimedJob>> {
        self.0
            .query(statement!("queue/claim"), &[&queue, &strategies, &limit, &lease_seconds, &worker])
            .await?
            .iter()
            .map(|row| decode(row, worker))
            .collect()
    }

    /// Prolongs a lease and holds it until the transaction ends. `true`: somebody asks to cancel the job.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost.
    pub async fn hold(&self, lease: &Lease, lease_seconds: f64) -> Result<bool> {
        let row = self
            .0
            .query_opt(statement!("queue/hold"), &[&lease.job_id.0, &lease.lease_seq, &lease_seconds])
            .await?;
        column(&row.ok_or_else(|| stale("queue/hold", lease))?, "cancel_requested")
    }

    /// Prolongs the leases in hand. Gives back those still held, each with whether somebody asks to cancel it.
    pub async fn heartbeat(&self, leases: &[Lease], lease_seconds: f64) -> Result<Vec<(JobId, bool)>> {
        let jobs: Vec<Uuid> = leases.iter().map(|l| l.job_id.0).collect();
        let fences: Vec<i64> = leases.iter().map(|l| l.lease_seq).collect();
        self.0
            .query(statement!("queue/heartbeat"), &[&jobs, &fences, &lease_seconds])
            .await?
            .iter()
            .map(|row| Ok((JobId(column(row, "job_id")?), column(row, "cancel_requested")?)))
            .collect()
    }

    /// Ends a job for good. `document_status` is what its document becomes.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost: nothing was changed.
    pub async fn complete(
        &self,
        lease: &Lease,
        status: JobStatus,
        document_status: &str,
        failure: Option<&Failure>,
        metrics: &Value,
    ) -> Result<()> {
        let (class, code, message) = parts(failure);
        let row = self
            .0
            .query_one(
                statement!("queue/complete"),
                &[
                    &lease.job_id.0,
                    &lease.lease_seq,
                    &status.as_str(),
                    &document_status,
                    &class,
                    &code,
                    &message,
                    metrics,
                ],
            )
            .await?;
        fenced("queue/complete", lease, &row)
    }

    /// Lets a job wait `delay_seconds` for another attempt.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost: nothing was changed.
    pub async fn retry(
        &self,
        lease: &Lease,
        delay_seconds: f64,
        failure: &Failure,
        metrics: &Value,
    ) -> Result<()> {
        let row = self
            .0
            .query_one(
                statement!("queue/retry"),
                &[
                    &lease.job_id.0,
                    &lease.lease_seq,
                    &delay_seconds,
                    &lease.worker,
                    &lease.since,
                    &failure.code,
                    &failure.message,
                    metrics,
                ],
            )
            .await?;
        fenced("queue/retry", lease, &row)
    }

    /// Hands a job back unfinished; the attempt does not count.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost: nothing was changed.
    pub async fn release(&self, lease: &Lease) -> Result<()> {
        let row = self
            .0
            .query_one(
                statement!("queue/release"),
                &[&lease.job_id.0, &lease.lease_seq, &lease.worker, &lease.since],
            )
            .await?;
        fenced("queue/release", lease, &row)
    }

    /// Makes jobs claimable whose time has come. Gives their number.
    pub async fn promote(&self) -> Result<u64> {
        self.0.execute(statement!("queue/promote"), &[]).await
    }

    /// Takes back jobs whose lease ran out. Gives their number.
    pub async fn reap(&self) -> Result<i64> {
        column(&self.0.query_one(statement!("queue/reap"), &[]).await?, "lost")
    }
}

fn parts(failure: Option<&Failure>) -> (Option<&'static str>, Option<&str>, Option<&str>) {
    failure.map_or((None, None, None), |f| (Some(f.class.as_str()), Some(&f.code), Some(&f.message)))
}

fn fenced(statement: &'static str, lease: &Lease, row: &Row) -> Result<()> {
    if column::<i64>(row, "ended")? == 1 { Ok(()) } else { Err(stale(statement, lease)) }
}

fn stale(statement: &'static str, lease: &Lease) -> Error {
    Error::new(
        ErrorKind::Stale,
        statement,
        format!("the lease {} of job {} was taken over; nothing was changed", lease.lease_seq, lease.job_id),
    )
}

fn decode(row: &Row, worker: &str) -> Result<ClaimedJob> {
    Ok(ClaimedJob {
        lease: Lease {
            job_id: JobId(column(row, "job_id")?),
            lease_seq: column(row, "lease_seq")?,
            worker: worker.to_owned(),
            since: column(row, "started_at")?,
        },
        document_id: DocumentId(column(row, "document_id")?),
        version: column(row, "version")?,
        strategy: column(row, "strategy")?,
        options: column(row, "options")?,
        attempt: column(row, "attempt")?,
        max_attempts: column(row, "max_attempts")?,
        storage_path: column(row, "storage_path")?,
        page_count: column(row, "page_count")?,
    })
}
