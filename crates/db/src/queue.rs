//! The live queue: claim, hold, heartbeat, finish, retry, release, promote, reap. Only for the platform itself.
//!
//! Whoever ends or prolongs jobs does it for many at once, and is told which of them it still held.

mod measure;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job_id: JobId,
    /// The fence: raised by every claim and every rescue.
    pub lease_seq: i64,
}

/// A queue's jobs of one strategy and priority, which stand in one line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class {
    /// Name of the queue.
    pub queue: String,
    /// Name of the strategy.
    pub strategy: String,
    /// 1 is first, 4 is last.
    pub priority: i16,
}

/// Where the turns of a class stand.
pub type Position = i64;

/// What is to be claimed.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The classes to look through, each from which position on; 0 for all of it.
    pub classes: &'a [(Class, Position)],
    /// Jobs at most.
    pub limit: i64,
    /// How long each lease lasts without a heartbeat.
    pub lease_seconds: f64,
    /// Who will hold them; unique to this start of the program.
    pub worker: &'a str,
    /// Whether the class goes first whose head has waited longest, if longer than a minute, whatever its priority.
    pub oldest_first: bool,
}

/// A job that a worker has taken.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// The right to work on it.
    pub lease: Lease,
    /// The document.
    pub document_id: DocumentId,
    /// Where it stood.
    pub class: Class,
    /// Its place there.
    pub position: Position,
    /// Version of the document.
    pub version: i32,
    /// Strategy's own settings.
    pub options: Option<Value>,
    /// The pages asked for; `None` for all, or where zones are named.
    pub page_numbers: Option<Vec<i32>>,
    /// The zones asked for; `None` where pages are meant.
    pub zone_ids: Option<Vec<Uuid>>,
    /// Whether nobody had it before.
    pub is_first: bool,
    /// This attempt, from 1.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// When it was taken.
    pub started_at: Timestamp,
    /// Until when the lease lasts without a heartbeat.
    pub lease_until: Timestamp,
    /// When this attempt must be done, whatever its heartbeats say.
    pub deadline_at: Option<Timestamp>,
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

/// A lease, and how far the work has come.
#[derive(Debug, Clone, Copy)]
pub struct Beat {
    /// The lease.
    pub lease: Lease,
    /// 0..100; `None` where nothing is known.
    pub progress: Option<f64>,
    /// The zone in hand.
    pub current_zone_id: Option<Uuid>,
}

/// A lease that was prolonged.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The job.
    pub job_id: JobId,
    /// Its document.
    pub document_id: DocumentId,
    /// Until when.
    pub lease_until: Timestamp,
}

/// The end of a job.
#[derive(Debug, Clone)]
pub struct Finish {
    /// The lease.
    pub lease: Lease,
    /// `completed`, `partially_completed` or `failed`.
    pub status: JobStatus,
    /// Why, unless it is completed.
    pub failure: Option<Failure>,
    /// What was measured; an object.
    pub metrics: Value,
}

/// The end of an attempt that failed.
#[derive(Debug, Clone)]
pub struct Fail {
    /// The lease.
    pub lease: Lease,
    /// Why, and what may be done about it.
    pub failure: Failure,
    /// How long to wait for another attempt; the longer the more there were, where it is left open.
    pub delay_seconds: Option<f64>,
    /// What was measured; an object.
    pub metrics: Value,
}

/// What became of a job whose attempt failed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failed {
    /// The job.
    pub job: Changed,
    /// In how many seconds there will be another attempt; `None` where the job has failed for good.
    pub retry_in_seconds: Option<f64>,
    /// Whether it goes no further since the file did harm three times.
    pub is_quarantined: bool,
}

/// A job whose state changed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// The job.
    pub job_id: JobId,
    /// Its document.
    pub document_id: DocumentId,
}

impl Queue<'_> {
    pub(crate) fn tx(&self) -> &Tx<SystemScope> {
        self.0
    }

    /// Takes jobs that are due and leases each.
    pub async fn claim(&self, claim: &Claim<'_>) -> Result<Vec<ClaimedJob>> {
        let (mut queues, mut strategies, mut priorities, mut positions) = (vec![], vec![], vec![], vec![]);
        for (class, position) in claim.classes {
            queues.push(class.queue.as_str());
            strategies.push(class.strategy.as_str());
            priorities.push(class.priority);
            positions.push(*position);
        }
        let claimed: Vec<ClaimedJob> = self
            .0
            .query(
                statement!("queue/claim", planned once),
                &[
                    &queues,
                    &strategies,
                    &priorities,
                    &claim.limit,
                    &positions,
                    &claim.lease_seconds,
                    &claim.worker,
                    &claim.oldest_first,
                ],
            )
            .await?
            .iter()
            .map(decode)
            .inspect(measure::claimed)
            .collect::<Result<_>>()?;
        self.0.announces(claimed.iter().map(|job| job.lease.job_id));
        Ok(claimed)
    }

    /// The classes of these queues that have work now, with where their turns stand; of these strategies, or of all.
    pub async fn classes(
        &self,
        queues: &[&str],
        strategies: Option<&[&str]>,
    ) -> Result<Vec<(Class, Position)>> {
        let rows = self.0.query(statement!("queue/classes"), &[&queues, &strategies]).await?;
        rows.iter().map(decode_position).collect()
    }

    /// Where the turns of these queues stand, as the workers last said.
    pub async fn positions(&self, queues: &[&str]) -> Result<Vec<(Class, Position)>> {
        self.0.query(statement!("queue/positions"), &[&queues]).await?.iter().map(decode_position).collect()
    }

    /// Says where the turns stand. What is behind what others said changes nothing.
    pub async fn advance(&self, positions: &[(Class, Position)]) -> Result<()> {
        let (mut queues, mut strategies, mut priorities, mut reached) = (vec![], vec![], vec![], vec![]);
        for (class, position) in positions {
            queues.push(class.queue.as_str());
            strategies.push(class.strategy.as_str());
            priorities.push(class.priority);
            reached.push(*position);
        }
        self.0.execute(statement!("queue/advance"), &[&queues, &strategies, &priorities, &reached]).await?;
        Ok(())
    }

    /// Whether a limit is set for any strategy or owner.
    pub async fn is_limited(&self) -> Result<bool> {
        column(&self.0.query_one(statement!("queue/limited"), &[]).await?, "limited")
    }

    /// Waits until nobody else claims under limits; until the transaction ends.
    pub async fn one_by_one(&self) -> Result<()> {
        self.0.query(statement!("queue/one_by_one"), &[]).await?;
        Ok(())
    }

    /// Prolongs a lease and holds it until the transaction ends.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`] where the lease is lost.
    pub async fn hold(&self, lease: &Lease, lease_seconds: f64) -> Result<()> {
        let row = self
            .0
            .query_opt(statement!("queue/hold"), &[&lease.job_id.0, &lease.lease_seq, &lease_seconds])
            .await?;
        row.map(|_| ()).ok_or_else(|| stale("queue/hold", lease))
    }

    /// Prolongs the leases in hand and takes their progress. Gives those still held; the others were taken over,
    /// cancelled or paused, or are past their deadline.
    pub async fn heartbeat(&self, beats: &[Beat], lease_seconds: f64) -> Result<Vec<Held>> {
        let (jobs, fences) = leases(beats.iter().map(|beat| &beat.lease));
        let progress: Vec<Option<f64>> = beats.iter().map(|beat| beat.progress).collect();
        let zones: Vec<Option<Uuid>> = beats.iter().map(|beat| beat.current_zone_id).collect();
        let says = |beat: &&Beat| beat.progress.is_some() || beat.current_zone_id.is_some();
        self.0.announces(beats.iter().filter(says).map(|beat| beat.lease.job_id));
        self.0
            .query(statement!("queue/heartbeat"), &[&jobs, &fences, &progress, &zones, &lease_seconds])
            .await?
            .iter()
            .map(|row| {
                Ok(Held {
                    job_id: JobId(column(row, "job_id")?),
                    document_id: DocumentId(column(row, "document_id")?),
                    lease_until: column(row, "lease_until")?,
                })
            })
            .collect()
    }

    /// Ends jobs for good. Gives those that ended here, and whether other jobs wait for any; the others are stale, and
    /// nothing of them was changed.
    pub async fn finish(&self, ends: &[Finish]) -> Result<(Vec<Changed>, bool)> {
        let (jobs, fences) = leases(ends.iter().map(|end| &end.lease));
        let statuses: Vec<&str> = ends.iter().map(|end| end.status.as_str()).collect();
        let class = |end: &Finish| end.failure.as_ref().map(|failure| failure.class.as_str());
        let classes: Vec<Option<&str>> = ends.iter().map(class).collect();
        let codes: Vec<Option<&str>> =
            ends.iter().map(|end| end.failure.as_ref().map(|failure| failure.code.as_str())).collect();
        let messages: Vec<Option<&str>> =
            ends.iter().map(|end| end.failure.as_ref().map(|failure| failure.message.as_str())).collect();
        let metrics: Vec<&Value> = ends.iter().map(|end| &end.metrics).collect();
        let rows = self
            .0
            .query(
                statement!("queue/finish", planned once),
                &[&jobs, &fences, &statuses, &classes, &codes, &messages, &metrics],
            )
            .await?;
        let ends =
            ends.iter().map(|end| (end.lease.job_id, (end.status.as_str(), &end.failure, &end.metrics)));
        measure::finished(&rows, &ends.collect())?;
        let others_wait = rows.first().map_or(Ok(false), |row| column(row, "others_wait"))?;
        Ok((self.changed(&rows)?, others_wait))
    }

    /// Says that attempts failed: each job waits for another one, or ends. Gives those that were still held, and whether
    /// other jobs wait for any; the others are stale, and nothing of them was changed.
    pub async fn fail(&self, ends: &[Fail]) -> Result<(Vec<Failed>, bool)> {
        let (jobs, fences) = leases(ends.iter().map(|end| &end.lease));
        let delays: Vec<Option<f64>> = ends.iter().map(|end| end.delay_seconds).collect();
        let classes: Vec<&str> = ends.iter().map(|end| end.failure.class.as_str()).collect();
        let codes: Vec<&str> = ends.iter().map(|end| end.failure.code.as_str()).collect();
        let messages: Vec<&str> = ends.iter().map(|end| end.failure.message.as_str()).collect();
        let metrics: Vec<&Value> = ends.iter().map(|end| &end.metrics).collect();
        let rows = self
            .0
            .query(
                statement!("queue/fail"),
                &[&jobs, &fences, &delays, &classes, &codes, &messages, &metrics],
            )
            .await?;
        measure::failed(&rows, &ends.iter().map(|end| (end.lease.job_id, end)).collect())?;
        let others_wait = rows.first().map_or(Ok(false), |row| column(row, "others_wait"))?;
        let failed = self
            .changed(&rows)?
            .into_iter()
            .zip(&rows)
            .map(|(job, row)| {
                let is_quarantined = column(row, "is_quarantined")?;
                Ok(Failed { job, retry_in_seconds: column(row, "delay_seconds")?, is_quarantined })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok((failed, others_wait))
    }

    /// Hands jobs back unfinished; the attempts do not count. Gives those that were still held.
    pub async fn release(&self, held: &[Lease]) -> Result<Vec<Changed>> {
        let (jobs, fences) = leases(held);
        self.changed(&self.0.query(statement!("queue/release"), &[&jobs, &fences]).await?)
    }

    /// The leases that a worker holds, as the database has it: a claim whose answer was lost took effect all the same.
    pub async fn of_worker(&self, worker: &str) -> Result<Vec<Lease>> {
        let rows = self.0.query(statement!("queue/of_worker"), &[&worker]).await?;
        rows.iter()
            .map(|row| {
                Ok(Lease { job_id: JobId(column(row, "job_id")?), lease_seq: column(row, "lease_seq")? })
            })
            .collect()
    }

    /// Makes jobs claimable whose time has come. Gives their number.
    pub async fn promote(&self) -> Result<u64> {
        self.0.execute(statement!("queue/promote"), &[]).await
    }

    /// Makes jobs claimable that waited for others, or fails them with those. Gives them.
    pub async fn release_waiting(&self) -> Result<Vec<Changed>> {
        self.changed(&self.0.query(statement!("queue/release_waiting"), &[]).await?)
    }

    /// Takes back jobs whose lease ran out. Gives them.
    pub async fn reap(&self) -> Result<Vec<Changed>> {
        let reaped = self.changed(&self.0.query(statement!("queue/reap"), &[]).await?)?;
        colophon_metrics::get().jobs.reaped(u64::try_from(reaped.len()).unwrap_or(u64::MAX));
        Ok(reaped)
    }

    fn changed(&self, rows: &[Row]) -> Result<Vec<Changed>> {
        let changed = rows.iter().map(|row| {
            Ok(Changed {
                job_id: JobId(column(row, "job_id")?),
                document_id: DocumentId(column(row, "document_id")?),
            })
        });
        let changed = changed.collect::<Result<Vec<_>>>()?;
        self.0.announces(changed.iter().map(|job| job.job_id));
        Ok(changed)
    }
}

pub(crate) fn leases<'a>(leases: impl IntoIterator<Item = &'a Lease>) -> (Vec<Uuid>, Vec<i64>) {
    leases.into_iter().map(|lease| (lease.job_id.0, lease.lease_seq)).unzip()
}

fn stale(statement: &'static str, lease: &Lease) -> Error {
    Error::new(
        ErrorKind::Stale,
        statement,
        format!("the lease {} of job {} was taken over; nothing was changed", lease.lease_seq, lease.job_id),
    )
}

fn class(row: &Row) -> Result<Class> {
    Ok(Class {
        queue: column(row, "queue")?,
        strategy: column(row, "strategy")?,
        priority: column(row, "priority")?,
    })
}

fn decode_position(row: &Row) -> Result<(Class, Position)> {
    Ok((class(row)?, column(row, "position")?))
}

fn decode(row: &Row) -> Result<ClaimedJob> {
    Ok(ClaimedJob {
        lease: Lease { job_id: JobId(column(row, "job_id")?), lease_seq: column(row, "lease_seq")? },
        document_id: DocumentId(column(row, "document_id")?),
        class: class(row)?,
        position: column(row, "position")?,
        version: column(row, "version")?,
        options: column(row, "options")?,
        page_numbers: column(row, "page_numbers")?,
        zone_ids: column(row, "zone_ids")?,
        is_first: column(row, "is_first")?,
        attempt: column(row, "attempt")?,
        max_attempts: column(row, "max_attempts")?,
        started_at: column(row, "started_at")?,
        lease_until: column(row, "lease_until")?,
        deadline_at: column(row, "deadline_at")?,
        storage_path: column(row, "storage_path")?,
        page_count: column(row, "page_count")?,
    })
}
