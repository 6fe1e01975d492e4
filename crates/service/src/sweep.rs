//! What nobody needs any more goes: released objects, uploads that never came to an end, the trash, old keys.
//!
//! Every node sweeps; they share the work, since none waits for what another holds. An object goes first, its row
//! second: a crash between the two leaves a row whose object the next sweep finds gone, which is no error.

use std::time::Duration;

use colophon_db::sweep::{JobPlace, Leftover};
use colophon_db::{SystemScope, Tx};
use colophon_domain::DocumentId;
use futures_util::stream::{StreamExt as _, iter};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Error, Platform, retention, uploads};

/// Objects in one transaction.
const BATCH: i64 = 100;
/// Objects deleted at once.
const AT_ONCE: usize = 8;
/// How long the store may take over one object.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a sweep may take over one kind of thing, so that much of one does not keep the others waiting; what is left
/// waits for the next sweep.
const TURN: Duration = Duration::from_secs(15);
/// Failures of a kind after which a sweep gives it up: the store is not well, and the next sweep will see.
const FAILURES: usize = 1_000;
/// How often a program looks for jobs to prune: what stays of them is looked at each time.
const PRUNE_EVERY: Duration = Duration::from_hours(1);
/// How long a repeated write is recognised.
const KEYS_KEPT: Duration = Duration::from_hours(7 * 24);

/// When what goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// How long a sweep is waited for; `None`: this program does not sweep.
    pub every: Option<Duration>,
    /// How long an object stays after the last row that named it: for downloads under way, and for a backup that
    /// copies the objects after the dump.
    pub release_grace: Duration,
    /// How long a document stays in the trash; `None`: until somebody purges it.
    pub trash_retention: Option<Duration>,
    /// How long a job stays after it ended; `None`: as long as its document.
    pub job_retention: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            every: Some(Duration::from_mins(1)),
            release_grace: Duration::from_hours(1),
            trash_retention: Some(Duration::from_hours(30 * 24)),
            job_retention: None,
        }
    }
}

/// What a sweep took away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Documents whose time in the trash was over.
    pub documents: u64,
    /// Objects that no row named any more.
    pub released: u64,
    /// Resumable uploads that nobody goes on with.
    pub uploads: u64,
    /// Uploads that never came to an end.
    pub intents: u64,
    /// Keys of writes that nobody repeats any more.
    pub idempotency_keys: u64,
    /// Jobs that ended long ago.
    pub jobs: u64,
    /// What could not be taken away, and is tried again by the next sweep.
    pub failures: u64,
    /// There was more than one sweep has time for.
    pub unfinished: bool,
}

/// Sweeps until `stop`.
pub async fn run(platform: Platform, config: Config, stop: CancellationToken) {
    let Some(every) = config.every else { return };
    let mut unfinished = false;
    let mut pruning = Pruning::default();
    loop {
        let wait = if unfinished { Duration::ZERO } else { jittered(every) };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return,
        }
        let swept = tokio::select! {
            swept = sweep(&platform, &config, &mut pruning) => swept,
            // What is in hand is rolled back, and done again by the next sweep.
            () = stop.cancelled() => return,
        };
        // What fails again and again is not tried again at once.
        unfinished = swept.unfinished && swept.failures == 0;
        if swept != Swept::default() {
            let Swept { documents, released, uploads, intents, idempotency_keys, jobs, failures, .. } = swept;
            tracing::info!(documents, released, uploads, intents, idempotency_keys, jobs, failures, "swept");
        }
    }
}

/// Sweeps once. What fails is logged and left to the next sweep; the rest goes on.
pub async fn once(platform: &Platform, config: &Config) -> Swept {
    sweep(platform, config, &mut Pruning::default()).await
}

/// Where a program stands that prunes jobs: each that stays is looked at once in a round.
struct Pruning {
    place: JobPlace,
    /// When the next round begins, once one has ended.
    next_round: Option<Instant>,
}

impl Default for Pruning {
    fn default() -> Self {
        Self { place: JobPlace::START, next_round: None }
    }
}

async fn sweep(platform: &Platform, config: &Config, pruning: &mut Pruning) -> Swept {
    let mut swept = Swept::default();
    let turn = || Sweep { platform, until: Instant::now() + TURN };
    let ended = turn().trash(config.trash_retention, &mut swept).await;
    told("the trash", &ended, &mut swept);
    let ended = turn().released(config.release_grace, &mut swept).await;
    told("released objects", &ended, &mut swept);
    // Before the intents: an upload that expires takes its own along, and what the store keeps of it besides.
    let ended = turn().uploads(&mut swept).await;
    told("resumable uploads", &ended, &mut swept);
    let ended = turn().intents(&mut swept).await;
    told("unfinished uploads", &ended, &mut swept);
    let ended = turn().idempotency_keys(&mut swept).await;
    told("idempotency keys", &ended, &mut swept);
    // Before jobs: what is not counted is not pruned.
    let ended = turn().statistics(&mut swept).await;
    told("statistics", &ended, &mut swept);
    let ended = turn().jobs(config.job_retention, pruning, &mut swept).await;
    told("jobs", &ended, &mut swept);
    swept
}

fn told(what: &'static str, ended: &Result<(), Error>, swept: &mut Swept) {
    if let Err(error) = ended {
        swept.failures += 1;
        tracing::warn!(%error, what, "could not be swept; the next sweep tries again");
    }
}

/// A tenth more or less, so that nodes that were started together do not sweep together.
fn jittered(every: Duration) -> Duration {
    let chance = f64::from(Uuid::new_v4().as_bytes()[0]) / 255.0;
    every.mul_f64(0.9 + 0.2 * chance)
}

struct Sweep<'a> {
    platform: &'a Platform,
    until: Instant,
}

impl Sweep<'_> {
    async fn begin(&self) -> Result<Tx<SystemScope>, Error> {
        Ok(self.platform.database.session(&SystemScope::new()).begin().await?)
    }

    fn has_time(&self, swept: &mut Swept) -> bool {
        let has_time = Instant::now() < self.until;
        swept.unfinished |= !has_time;
        has_time
    }

    /// A document in each transaction: a large one must not keep others waiting.
    async fn trash(&self, retention: Option<Duration>, swept: &mut Swept) -> Result<(), Error> {
        let Some(retention) = retention else { return Ok(()) };
        let mut failed: Vec<DocumentId> = Vec::new();
        while self.has_time(swept) && failed.len() < FAILURES {
            let tx = self.begin().await?;
            match tx.sweep().purge(retention.as_secs_f64(), &failed).await {
                Ok(None) => return tx.commit().await.map_err(Error::from),
                Ok(Some(_)) => {
                    tx.commit().await?;
                    swept.documents += 1;
                }
                Err((Some(document), error)) => {
                    tracing::warn!(%document, %error, "a document could not be purged");
                    swept.failures += 1;
                    failed.push(document);
                }
                Err((None, error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn released(&self, grace: Duration, swept: &mut Swept) -> Result<(), Error> {
        let (grace, mut failed) = (grace.as_secs_f64(), Vec::new());
        while self.has_time(swept) && failed.len() < FAILURES {
            let tx = self.begin().await?;
            let due = tx.sweep().released(grace, &failed, BATCH).await?;
            if due.is_empty() {
                return tx.commit().await.map_err(Error::from);
            }
            let in_use = tx.sweep().in_use(&due, grace).await?;
            let (kept, due): (Vec<_>, Vec<_>) =
                due.into_iter().partition(|leftover| in_use.contains(&leftover.storage_path));
            let mut gone = self.delete(due, &mut failed, swept).await;
            gone.extend(kept);
            swept.released += tx.sweep().forget(&gone).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn uploads(&self, swept: &mut Swept) -> Result<(), Error> {
        while self.has_time(swept) {
            let ended = uploads::expire(self.platform, BATCH).await?;
            swept.uploads += ended;
            // Those that failed are leased for a while, so they are not asked for again at once.
            if ended == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn intents(&self, swept: &mut Swept) -> Result<(), Error> {
        let mut failed = Vec::new();
        while self.has_time(swept) && failed.len() < FAILURES {
            let tx = self.begin().await?;
            let due = tx.sweep().intents(&failed, BATCH).await?;
            if due.is_empty() {
                return tx.commit().await.map_err(Error::from);
            }
            let gone = self.delete(due, &mut failed, swept).await;
            swept.intents += tx.sweep().forget(&gone).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Deletes objects from the store. Gives those that are gone, and adds the others to `failed`.
    async fn delete(
        &self,
        leftovers: Vec<Leftover>,
        failed: &mut Vec<String>,
        swept: &mut Swept,
    ) -> Vec<Leftover> {
        let store = &self.platform.store;
        let deleted = iter(leftovers).map(async |leftover| {
            let deleted = timeout(PATIENCE, store.delete(&leftover.storage_path)).await;
            let deleted = deleted.map_err(|_| "the store does not answer".to_owned());
            (leftover, deleted.and_then(|deleted| deleted.map_err(|error| error.to_string())))
        });
        let mut gone = Vec::new();
        let mut deleted = std::pin::pin!(deleted.buffer_unordered(AT_ONCE));
        while let Some((leftover, deleted)) = deleted.next().await {
            match deleted {
                Ok(()) => gone.push(leftover),
                Err(reason) => {
                    tracing::warn!(object = leftover.storage_path, reason, "an object could not be deleted");
                    swept.failures += 1;
                    failed.push(leftover.storage_path);
                }
            }
        }
        gone
    }

    async fn statistics(&self, swept: &mut Swept) -> Result<(), Error> {
        while self.has_time(swept) && retention::count_once(&self.platform.database).await? {}
        Ok(())
    }

    async fn jobs(
        &self,
        retention: Option<Duration>,
        pruning: &mut Pruning,
        swept: &mut Swept,
    ) -> Result<(), Error> {
        let Some(age) = retention else { return Ok(()) };
        if pruning.next_round.is_some_and(|time| Instant::now() < time) {
            return Ok(());
        }
        while self.has_time(swept) {
            let pruned = retention::prune_once(&self.platform.database, age, pruning.place).await?;
            let Some((gone, place)) = pruned else {
                pruning.place = JobPlace::START;
                pruning.next_round = Some(Instant::now() + PRUNE_EVERY);
                break;
            };
            swept.jobs += gone;
            pruning.place = place;
        }
        Ok(())
    }

    async fn idempotency_keys(&self, swept: &mut Swept) -> Result<(), Error> {
        while self.has_time(swept) {
            let tx = self.begin().await?;
            let gone = tx.sweep().idempotency_keys(KEYS_KEPT.as_secs_f64(), 10 * BATCH).await?;
            tx.commit().await?;
            swept.idempotency_keys += gone;
            if gone == 0 {
                break;
            }
        }
        Ok(())
    }
}
