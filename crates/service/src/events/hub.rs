//! Who watches what.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use colophon_db::events::Seen;
use colophon_db::{Database, SystemScope};
use colophon_domain::{Cursor, DocumentId, JobId, Pace, Pacer, Progress};
use jiff::Timestamp;
use tokio::sync::{Notify, broadcast, watch};
use uuid::Uuid;

use super::look;

/// What waits for whoever is slow, of one job and of all; who is slower reads the history.
const WAITING_OF_JOB: usize = 16;
const WAITING_OF_ALL: usize = 4_096;

/// How long the past of the strategies is believed.
const PAST: Duration = Duration::from_mins(1);

/// What the people are called who may see a document.
pub type People = Arc<[String]>;

/// What is told to those who watch a job.
#[derive(Debug)]
pub struct ToldOfJob {
    /// Transitions, in JSON.
    pub states: Vec<(Cursor, Arc<str>)>,
    /// How far it is, in JSON, where that changed.
    pub progress: Option<Arc<str>>,
    /// Who may see it; nobody may any more where it is gone.
    pub people: Option<People>,
    /// Nothing will follow.
    pub is_over: bool,
}

/// What is told to those who watch all jobs.
#[derive(Debug)]
pub enum Told {
    /// A transition, or how far a job is.
    Of {
        /// For a transition, from where one can go on.
        at: Option<Cursor>,
        document_id: DocumentId,
        status: String,
        people: People,
        json: Arc<str>,
    },
    /// From where one can go on.
    Place(Cursor),
}

pub struct Hub {
    pub database: Database,
    watched: Mutex<Watched>,
    past: tokio::sync::Mutex<Past>,
    /// Somebody cannot wait for the next look.
    pub wake: Notify,
}

#[derive(Default)]
pub struct Watched {
    pub jobs: HashMap<JobId, WatchedJob>,
    pub all: Option<WatchedAll>,
    is_looking: bool,
}

pub struct WatchedJob {
    pub told: broadcast::Sender<Arc<ToldOfJob>>,
    /// What was told of it.
    pub after: Cursor,
    pub seen: Option<Seen>,
    pub pacer: Pacer,
}

pub struct WatchedAll {
    pub told: broadcast::Sender<Arc<Told>>,
    /// From where one can go on; `None` until what happened before is known.
    pub place: watch::Sender<Option<Cursor>>,
}

#[derive(Default)]
struct Past {
    read: Option<Instant>,
    milliseconds: Arc<HashMap<String, f64>>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("database", &self.database).finish_non_exhaustive()
    }
}

/// Before everything.
pub const BEGINNING: Cursor = Cursor { created_at: Timestamp::UNIX_EPOCH, id: Uuid::nil() };

impl Hub {
    pub fn new(database: Database) -> Self {
        Self { database, watched: Mutex::default(), past: tokio::sync::Mutex::default(), wake: Notify::new() }
    }

    pub fn watched(&self) -> MutexGuard<'_, Watched> {
        // Nothing in here panics halfway through a change.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn viewers(&self) -> usize {
        let watched = self.watched();
        watched.jobs.values().map(|job| job.told.receiver_count()).sum::<usize>()
            + watched.all.as_ref().map_or(0, |all| all.told.receiver_count())
    }

    /// Hears what happens to a job from now on.
    pub fn watch_job(self: &Arc<Self>, job: JobId) -> broadcast::Receiver<Arc<ToldOfJob>> {
        let mut watched = self.watched();
        let heard = watched.jobs.entry(job).or_insert_with(|| WatchedJob {
            told: broadcast::Sender::new(WAITING_OF_JOB),
            after: BEGINNING,
            seen: None,
            pacer: Pacer::default(),
        });
        let receiver = heard.told.subscribe();
        self.begin(&mut watched);
        receiver
    }

    /// Hears what happens to all jobs, once there is a place.
    pub fn watch_all(self: &Arc<Self>) -> (broadcast::Receiver<Arc<Told>>, watch::Receiver<Option<Cursor>>) {
        let mut watched = self.watched();
        let all = watched.all.get_or_insert_with(|| WatchedAll {
            told: broadcast::Sender::new(WAITING_OF_ALL),
            place: watch::Sender::new(None),
        });
        let receivers = (all.told.subscribe(), all.place.subscribe());
        self.begin(&mut watched);
        self.wake.notify_one();
        receivers
    }

    fn begin(self: &Arc<Self>, watched: &mut Watched) {
        if !std::mem::replace(&mut watched.is_looking, true) {
            tokio::spawn(look::run(Arc::clone(self)));
        }
    }

    /// Forgets what nobody watches any more. Whether anybody watches anything.
    pub fn is_watched(&self) -> bool {
        let mut watched = self.watched();
        watched.jobs.retain(|_, job| job.told.receiver_count() > 0);
        if watched.all.as_ref().is_some_and(|all| all.told.receiver_count() == 0) {
            watched.all = None;
        }
        watched.is_looking = !watched.jobs.is_empty() || watched.all.is_some();
        watched.is_looking
    }

    /// What a page took when the strategies ran before, in milliseconds.
    pub async fn past(&self) -> Arc<HashMap<String, f64>> {
        let mut past = self.past.lock().await;
        if past.read.is_none_or(|read| read.elapsed() >= PAST) {
            match self.read_past().await {
                Ok(milliseconds) => past.milliseconds = Arc::new(milliseconds),
                Err(error) => tracing::debug!(%error, "cannot see how long jobs took before"),
            }
            past.read = Some(Instant::now());
        }
        Arc::clone(&past.milliseconds)
    }

    async fn read_past(&self) -> colophon_db::Result<HashMap<String, f64>> {
        let tx = self.database.session(&SystemScope::new()).begin_snapshot().await?;
        let milliseconds = tx.events().paces().await?;
        tx.commit().await?;
        Ok(milliseconds)
    }

    /// The pace of a job that somebody begins to watch.
    pub async fn pace(&self, job: &Progress) -> Pace {
        let past = self.past().await;
        let past = job.strategy.as_ref().and_then(|strategy| past.get(strategy)).copied();
        let mut watched = self.watched();
        match watched.jobs.get_mut(&job.job_id) {
            Some(watched) => watched.pacer.take(Timestamp::now(), job, past),
            None => Pacer::default().take(Timestamp::now(), job, past),
        }
    }
}
