//! Wake-ups and announcements: one connection of the process that listens, for whoever wants to hear.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use colophon_connection::Connector;
use colophon_domain::JobId;
use futures_util::future::poll_fn;
use tokio::sync::{Notify, broadcast, watch};
use tokio_postgres::{AsyncMessage, Client};
use uuid::Uuid;

use crate::{Database, Error, Result};

/// Announcements that wait for whoever is slow to hear them; a twentieth of a second each.
const WAITING: usize = 64;

/// What was announced of jobs.
#[derive(Debug, Clone)]
pub enum Announcement {
    /// These have changed.
    Jobs(Arc<[JobId]>),
    /// Any may have changed: they were too many to be named, or the connection was away for a while.
    Look,
}

/// Listens for new jobs (`NOTIFY colophon_jobs`) and, once anybody wants that, for changes of jobs
/// (`NOTIFY colophon_events`), until the last clone is dropped. It connects again when its connection breaks. All
/// listeners of a process share one connection.
///
/// A word may be missed (the connection was down, or nothing listens, since behind a transaction pooler nothing can
/// and no direct way is known): whoever waits must look by themselves too.
#[derive(Debug, Clone)]
pub struct Listener(Arc<Listening>);

#[derive(Debug)]
struct Listening {
    heard: Arc<Heard>,
    task: Option<tokio::task::JoinHandle<()>>,
}

#[derive(Debug)]
struct Heard {
    woken: Arc<Notify>,
    announced: broadcast::Sender<Announcement>,
    /// Whether anybody wanted announcements.
    wanted: watch::Sender<bool>,
}

/// The listener that a process has, if it has one now.
#[derive(Debug, Default)]
pub(crate) struct Ear(Mutex<Weak<Listening>>);

impl Ear {
    /// Wakes whoever waits in this process.
    pub fn wake(&self) {
        let listening = self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        if let Some(listening) = listening {
            listening.heard.woken.notify_waiters();
        }
    }
}

impl Listener {
    /// Listens in the background, on the connection that already does, if there is one.
    pub fn start(database: &Database) -> Self {
        let mut ear = database.ear().0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listening) = ear.upgrade() {
            return Self(listening);
        }
        let heard = Arc::new(Heard {
            woken: Arc::new(Notify::new()),
            announced: broadcast::Sender::new(WAITING),
            wanted: watch::Sender::new(false),
        });
        let task = if let Some(connector) = database.listening() {
            Some(tokio::spawn(keep_listening(connector.clone(), Arc::clone(&heard))))
        } else {
            tracing::info!(
                "behind a pooler in transaction mode nothing can listen for new jobs: workers poll; give COLOPHON_DIRECT_URL to wake them at once"
            );
            None
        };
        let listening = Arc::new(Listening { heard, task });
        *ear = Arc::downgrade(&listening);
        Self(listening)
    }

    /// What is notified for each new job. `notified()` must be called before looking for work, so that no wake-up
    /// between the look and the wait is lost.
    pub fn woken(&self) -> Arc<Notify> {
        Arc::clone(&self.0.heard.woken)
    }

    /// What is announced of jobs from now on.
    pub fn announcements(&self) -> broadcast::Receiver<Announcement> {
        let receiver = self.0.heard.announced.subscribe();
        self.0.heard.wanted.send_replace(true);
        receiver
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn keep_listening(connector: Connector, heard: Arc<Heard>) {
    let mut wait = Duration::from_millis(100);
    loop {
        match listen(&connector, &heard).await {
            Ok(()) => wait = Duration::from_millis(100),
            Err(error) => tracing::debug!(%error, "the listening connection broke; polling meanwhile"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(10));
    }
}

async fn listen(connector: &Connector, heard: &Arc<Heard>) -> Result<()> {
    let failed = |e| Error::postgres("listen", e);
    let (client, mut connection) = connector.open().await.map_err(Error::connection)?;
    // The client must live as long as the connection is read.
    let _asking = AbortOnDrop(tokio::spawn(ask(client, Arc::clone(heard))));
    loop {
        match poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notification(said))) if said.channel() == "colophon_events" => {
                // Nobody may want it just now.
                let _ = heard.announced.send(announcement(said.payload()));
            }
            Some(Ok(AsyncMessage::Notification(_))) => heard.woken.notify_waiters(),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(failed(error)),
            None => return Ok(()),
        }
    }
}

/// Listens for what is wanted. Whoever waits looks once it does: nobody knows what was said before.
async fn ask(client: Client, heard: Arc<Heard>) {
    let mut wanted = heard.wanted.subscribe();
    if client.batch_execute("listen colophon_jobs").await.is_err() {
        return;
    }
    heard.woken.notify_waiters();
    loop {
        let is_wanted = *wanted.borrow_and_update();
        if is_wanted {
            if client.batch_execute("listen colophon_events").await.is_err() {
                return;
            }
            let _ = heard.announced.send(Announcement::Look);
        }
        if wanted.changed().await.is_err() {
            return;
        }
    }
}

fn announcement(payload: &str) -> Announcement {
    let jobs: std::result::Result<Vec<JobId>, _> =
        payload.split_ascii_whitespace().map(|id| Uuid::try_parse(id).map(JobId)).collect();
    // Anybody who may connect can say anything here.
    jobs.map_or(Announcement::Look, |jobs| Announcement::Jobs(jobs.into()))
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
