//! Workers outside: programs in any language that borrow jobs over HTTP.
//!
//! A job is lent with a fence and until a time, as to the workers of this program; what a borrower says counts as long as
//! the lease is its own. Whoever says the same again, since an answer was lost, is told what became of it the first time.
//! A crash between two transactions leaves each job as its last transaction did: lent, or ended.

mod conclude;
mod deliver;
mod waiting;
mod zones;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use colophon_db::leases::{Done, Standing};
use colophon_db::queue::{Beat, Changed, ClaimedJob, Fail, Failed, Finish, Lease};
use colophon_db::{Database, ErrorKind, Listener, SystemScope};
use colophon_domain::{JobId, JobStatus};
use colophon_worker::{Turns, release_waiting};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use colophon_worker::{Wanted, hand_back_unknown};
pub use deliver::{Found, complete, deliver};

use self::waiting::{Look, Waiting};
use crate::Error;
use crate::run::Report;

/// How often what met a deadlock is tried again.
const TRIES: u32 = 5;

/// Lends jobs: one for a process.
#[derive(Debug)]
pub struct Workers {
    database: Database,
    turns: Turns,
    waiting: Arc<Waiting>,
    /// Looks for those who wait, from when somebody first does.
    looking: OnceLock<AbortOnDropHandle<()>>,
    /// Half of the pool: what those who wait may take of it at once.
    spare: Semaphore,
}

/// A job that was lent.
#[derive(Debug)]
pub struct Lent {
    /// The job.
    pub job: ClaimedJob,
    /// What earlier attempts did of it.
    pub done: Done,
}

/// Jobs on their way to a borrower. Dropped before they are [given](Self::given), since the borrower went away, they go back
/// at once; else they would wait for the end of their leases, and count as killed.
#[derive(Debug)]
pub struct LentJobs {
    /// The jobs.
    pub jobs: Vec<Lent>,
    database: Database,
    leases: Vec<Lease>,
}

impl LentJobs {
    /// The borrower has them.
    pub fn given(mut self) {
        self.leases.clear();
    }
}

impl Drop for LentJobs {
    fn drop(&mut self) {
        if self.leases.is_empty() {
            return;
        }
        let (database, leases) = (self.database.clone(), std::mem::take(&mut self.leases));
        tokio::spawn(async move {
            if let Err(error) = release(&database, &leases).await {
                tracing::warn!(%error, "jobs whose worker went away go back when their leases run out");
            }
        });
    }
}

/// What a borrower is told of a job.
#[derive(Debug)]
pub enum Told {
    /// The lease lasts until then.
    Held(Timestamp),
    /// What it found is stored, and the lease goes on. With what became of its zones, where there were any.
    Delivered(Option<Report>),
    /// The job ended.
    Ended {
        /// How.
        status: JobStatus,
        /// What was stored with it.
        stored: Option<Report>,
        /// It ended so before: this was said again.
        repeated: bool,
    },
    /// There will be another attempt; in so many seconds, where that was not said before.
    Retrying(Option<f64>),
    /// The attempt was the last one.
    Failed {
        /// Whether the file did harm three times.
        is_quarantined: bool,
    },
    /// It was handed back.
    Released,
    /// The lease is no longer the borrower's; nothing was changed.
    Stale(Standing),
    /// There is no such job.
    NotFound,
    /// It cannot be taken; nothing was changed.
    Refused(Error),
}

impl Workers {
    /// For one database.
    pub fn new(database: Database) -> Self {
        let spare = Semaphore::new((database.pool_size() / 2).max(1));
        Self { database, turns: Turns::default(), waiting: Arc::default(), looking: OnceLock::new(), spare }
    }

    /// Lends jobs that are due; where there are none, waits for some so long, or until `stop`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn claim(
        &self,
        wanted: &Wanted<'_>,
        wait: Duration,
        stop: &CancellationToken,
    ) -> Result<LentJobs, Error> {
        let until = Instant::now() + wait;
        if !wait.is_zero() {
            self.looking.get_or_init(|| self.keep_looking());
        }
        // Whoever comes looks at once. Whoever waits does when it is their turn.
        let mut turn = None;
        while !stop.is_cancelled() {
            let wakes = self.waiting.wakes();
            let claimed = self.turns.claim(&self.database, wanted).await;
            let is_any = claimed.as_ref().is_ok_and(|claimed| !claimed.is_empty());
            match turn.take() {
                Some((look, _)) if is_any => Look::found(look),
                Some((look, _)) => look.found_nothing(),
                None => {}
            }
            let claimed = claimed?;
            if is_any {
                let mut given = self.lent();
                given.leases.extend(claimed.iter().map(|job| job.lease));
                given.jobs = self.with_what_is_done(claimed).await?;
                return Ok(given);
            }
            if until <= Instant::now() {
                break;
            }
            let next = async {
                let look = self.waiting.enter(wanted, wakes).await.ok()?;
                Some((look, self.spare.acquire().await.ok()?))
            };
            turn = tokio::select! {
                next = next => next,
                () = tokio::time::sleep_until(until.into()) => None,
                () = stop.cancelled() => None,
            };
            if turn.is_none() {
                break;
            }
        }
        Ok(self.lent())
    }

    fn keep_looking(&self) -> AbortOnDropHandle<()> {
        let (database, waiting) = (self.database.clone(), Arc::clone(&self.waiting));
        let listener = Listener::start(&database);
        AbortOnDropHandle::new(tokio::spawn(waiting.keep_looking(database, listener)))
    }

    fn lent(&self) -> LentJobs {
        LentJobs { jobs: Vec::new(), database: self.database.clone(), leases: Vec::new() }
    }

    async fn with_what_is_done(&self, claimed: Vec<ClaimedJob>) -> Result<Vec<Lent>, Error> {
        let again: Vec<_> = claimed.iter().filter(|job| !job.is_first).collect();
        let again: Vec<_> = again.iter().map(|job| (job.document_id, job.lease.job_id)).collect();
        let mut done = HashMap::new();
        if !again.is_empty() {
            let tx = self.database.session(&SystemScope::new()).begin().await?;
            done = tx.queue().done(&again).await?;
            tx.commit().await?;
        }
        let lent = claimed.into_iter().map(|job| {
            let done = done.remove(&job.lease.job_id).unwrap_or_default();
            Lent { job, done }
        });
        Ok(lent.collect())
    }
}

/// Prolongs leases, and takes how far the work came.
///
/// # Errors
/// The database failed.
pub async fn heartbeat(database: &Database, beats: &[Beat], lease: Duration) -> Result<Vec<Told>, Error> {
    let asked: Vec<Lease> = beats.iter().map(|beat| beat.lease).collect();
    let tx = database.session(&SystemScope::new()).begin().await?;
    let held = tx.queue().heartbeat(beats, lease.as_secs_f64()).await?;
    let held: HashMap<_, _> = held.iter().map(|held| (held.job_id, held.lease_until)).collect();
    let mut standing = HashMap::new();
    if held.len() < asked.len() {
        let others: Vec<Lease> =
            asked.iter().filter(|lease| !held.contains_key(&lease.job_id)).copied().collect();
        standing = tx.queue().standing(&others).await?;
    }
    tx.commit().await?;
    let told = asked.iter().map(|lease| match held.get(&lease.job_id) {
        Some(until) => Told::Held(*until),
        None => stale(standing.remove(lease)),
    });
    Ok(told.collect())
}

/// Says that attempts failed: all together, or each by itself where that is refused.
///
/// # Errors
/// The database cannot be reached; it is safe to say the same again.
pub async fn fail(database: &Database, ends: &[Fail]) -> Result<Vec<Told>, Error> {
    let mut told = Vec::with_capacity(ends.len());
    match fail_together(database, ends).await {
        Ok(mut failed) => told.extend(ends.iter().map(|end| failed.remove(&end.lease.job_id))),
        Err(error) if is_transient(&error) => return Err(error),
        Err(_) => {
            for end in ends {
                told.push(match fail_together(database, std::slice::from_ref(end)).await {
                    Ok(mut failed) => failed.remove(&end.lease.job_id),
                    Err(error) if is_transient(&error) => return Err(error),
                    Err(error) => Some(Told::Refused(error)),
                });
            }
        }
    }
    let leases: Vec<Lease> = ends.iter().map(|end| end.lease).collect();
    explained(database, &leases, told, |standing| match standing.outcome.as_deref() {
        Some("retry") => Some(Told::Retrying(None)),
        Some("failed") => {
            Some(Told::Failed { is_quarantined: standing.error_code.as_deref() == Some("quarantined") })
        }
        _ => None,
    })
    .await
}

async fn fail_together(database: &Database, ends: &[Fail]) -> Result<HashMap<JobId, Told>, Error> {
    let mut tries = Tries::default();
    let ended = loop {
        let ended = fail_once(database, ends).await;
        if !tries.again(&ended).await {
            break ended;
        }
    };
    let (failed, others_wait) = ended?;
    if others_wait {
        release_waiting(database).await;
    }
    let told = failed.into_iter().map(|failed| {
        let told = match failed.retry_in_seconds {
            Some(seconds) => Told::Retrying(Some(seconds)),
            None => Told::Failed { is_quarantined: failed.is_quarantined },
        };
        (failed.job.job_id, told)
    });
    Ok(told.collect())
}

async fn fail_once(database: &Database, ends: &[Fail]) -> Result<(Vec<Failed>, bool), Error> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let failed = tx.queue().fail(ends).await?;
    tx.commit().await?;
    Ok(failed)
}

/// Takes jobs back unfinished; the attempts do not count.
///
/// # Errors
/// The database cannot be reached; it is safe to say the same again.
pub async fn release(database: &Database, leases: &[Lease]) -> Result<Vec<Told>, Error> {
    let mut tries = Tries::default();
    let released = loop {
        let released = release_once(database, leases).await;
        if !tries.again(&released).await {
            break released?;
        }
    };
    let released: HashSet<JobId> = released.iter().map(|job| job.job_id).collect();
    let told =
        leases.iter().map(|lease| released.contains(&lease.job_id).then_some(Told::Released)).collect();
    explained(database, leases, told, |standing| {
        (standing.outcome.as_deref() == Some("released")).then_some(Told::Released)
    })
    .await
}

async fn release_once(database: &Database, leases: &[Lease]) -> Result<Vec<Changed>, Error> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let released = tx.queue().release(leases).await?;
    // For other workers to take at once.
    tx.commit_and_wake().await?;
    Ok(released)
}

/// Ends jobs whose units say nothing, all together. `None` for those whose lease is lost.
async fn finish(database: &Database, ends: &[Finish]) -> Result<Vec<Option<Told>>, Error> {
    match finish_together(database, ends).await {
        Err(error) if !is_transient(&error) => {}
        all => return all,
    }
    let mut told = Vec::with_capacity(ends.len());
    for end in ends {
        match finish_together(database, std::slice::from_ref(end)).await {
            Ok(one) => told.extend(one),
            Err(error) if is_transient(&error) => return Err(error),
            Err(error) => told.push(Some(Told::Refused(error))),
        }
    }
    Ok(told)
}

async fn finish_together(database: &Database, ends: &[Finish]) -> Result<Vec<Option<Told>>, Error> {
    let mut tries = Tries::default();
    let ended = loop {
        let ended = finish_once(database, ends).await;
        if !tries.again(&ended).await {
            break ended;
        }
    };
    let (ended, others_wait) = ended?;
    if others_wait {
        release_waiting(database).await;
    }
    let ended: HashSet<JobId> = ended.iter().map(|job| job.job_id).collect();
    let told = ends.iter().map(|end| {
        let told = Told::Ended { status: end.status, stored: None, repeated: false };
        ended.contains(&end.lease.job_id).then_some(told)
    });
    Ok(told.collect())
}

async fn finish_once(database: &Database, ends: &[Finish]) -> Result<(Vec<Changed>, bool), Error> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let ended = tx.queue().finish(ends).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Finds the word for those that were not held: what was said before, as `before` reads it, or why not.
async fn explained(
    database: &Database,
    leases: &[Lease],
    told: Vec<Option<Told>>,
    before: impl Fn(&Standing) -> Option<Told>,
) -> Result<Vec<Told>, Error> {
    let open = leases.iter().zip(&told).filter(|(_, told)| told.is_none());
    let open: Vec<Lease> = open.map(|(lease, _)| *lease).collect();
    let mut standing = HashMap::new();
    if !open.is_empty() {
        let tx = database.session(&SystemScope::new()).begin().await?;
        standing = tx.queue().standing(&open).await?;
        tx.commit().await?;
    }
    let told = leases.iter().zip(told).map(|(lease, told)| {
        told.unwrap_or_else(|| {
            let standing = standing.remove(lease);
            standing.as_ref().and_then(&before).unwrap_or_else(|| stale(standing))
        })
    });
    Ok(told.collect())
}

fn stale(standing: Option<Standing>) -> Told {
    standing.map_or(Told::NotFound, Told::Stale)
}

/// Once more, and again, after a deadlock or the like.
#[derive(Debug, Default)]
struct Tries(u32);

impl Tries {
    /// Whether it is to be tried again; waits a little before.
    async fn again<T>(&mut self, ended: &Result<T, Error>) -> bool {
        let Err(Error::Database(error)) = ended else { return false };
        if *error.kind() != ErrorKind::Retry || self.0 == TRIES {
            return false;
        }
        self.0 += 1;
        tracing::debug!(%error, "what a worker said met others; trying again");
        tokio::time::sleep(Duration::from_millis(20) * self.0).await;
        true
    }
}

fn is_transient(error: &Error) -> bool {
    matches!(error, Error::Database(error) if error.is_transient())
}
