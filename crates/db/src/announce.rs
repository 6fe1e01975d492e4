//! Says which jobs changed, to whoever watches: after the commit, in a transaction of its own (ADR 0003), and at most
//! twenty times a second for all of a process.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use colophon_connection::Connector;
use colophon_domain::JobId;
use deadpool_postgres::Pool;
use tokio::sync::Notify;
use tokio_postgres::types::Type;

use crate::statement::statement;
use crate::{Error, Result, pool};

/// Between two NOTIFYs.
const PAUSE: Duration = Duration::from_millis(50);

/// Jobs named in one NOTIFY: its payload has less than 8,000 bytes. More are announced as "look".
const MOST: usize = 200;

/// How long a program that ends waits for its last word.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Announces the jobs that changed. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Announcer(Arc<Inner>);

struct Inner {
    pool: Pool,
    connector: Connector,
    pending: Mutex<Pending>,
    /// Notified when there is nothing left to say.
    silent: Notify,
}

#[derive(Default)]
struct Pending {
    jobs: HashSet<JobId>,
    /// More than can be named.
    many: bool,
    /// Whether a task runs that says it.
    speaking: bool,
    /// Whether a NOTIFY is on its way.
    sending: bool,
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.jobs.is_empty() && !self.many
    }

    /// What is to be said; `*` for "look".
    fn take(&mut self) -> String {
        let jobs = std::mem::take(&mut self.jobs);
        if std::mem::take(&mut self.many) {
            return "*".to_owned();
        }
        let ids: Vec<String> = jobs.iter().map(|job| job.0.simple().to_string()).collect();
        ids.join(" ")
    }
}

impl Announcer {
    pub fn new(pool: Pool, connector: Connector) -> Self {
        Self(Arc::new(Inner { pool, connector, pending: Mutex::default(), silent: Notify::new() }))
    }

    /// Returns at once. What cannot be announced is found by those who watch when they look by themselves.
    pub fn announce(&self, jobs: &[JobId]) {
        if jobs.is_empty() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let mut pending = self.pending();
        if !pending.many {
            pending.jobs.extend(jobs);
            if pending.jobs.len() > MOST {
                pending.jobs.clear();
                pending.many = true;
            }
        }
        if !std::mem::replace(&mut pending.speaking, true) {
            runtime.spawn(self.clone().speak());
        }
    }

    /// Waits until everything is said.
    pub async fn announced(&self) {
        let silent = async {
            loop {
                let mut silent = std::pin::pin!(self.0.silent.notified());
                silent.as_mut().enable();
                {
                    let pending = self.pending();
                    if !pending.speaking || (pending.is_empty() && !pending.sending) {
                        return;
                    }
                }
                silent.await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORD, silent).await;
    }

    async fn speak(self) {
        loop {
            let payload = {
                let mut pending = self.pending();
                if pending.is_empty() {
                    pending.speaking = false;
                    return;
                }
                pending.sending = true;
                pending.take()
            };
            if let Err(error) = self.notify(&payload).await {
                tracing::debug!(%error, "changes of jobs could not be announced; whoever watches will look");
            }
            self.pending().sending = false;
            self.0.silent.notify_waiters();
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn notify(&self, payload: &str) -> Result<()> {
        let statement = statement!("events/notify");
        let client = pool::take(&self.0.pool, &self.0.connector).await?;
        let notified = client.execute_typed(statement.sql, &[(&payload, Type::TEXT)]).await;
        notified.map(|_| ()).map_err(|e| Error::postgres(statement.name, e))
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // Nothing in here panics halfway through a change.
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
