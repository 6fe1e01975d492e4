//! Wake-ups: one connection of its own that listens for new jobs.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::poll_fn;
use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, NoTls};

use crate::{Database, Error, Result};

/// Listens for `NOTIFY colophon_jobs` until it is dropped, and connects again when the connection breaks.
///
/// A wake-up may be missed (the connection was down, or a transaction pooler stands between): whoever waits must poll
/// too.
#[derive(Debug)]
pub struct Listener {
    woken: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    /// Starts listening in the background.
    pub fn start(database: &Database) -> Self {
        let woken = Arc::new(Notify::new());
        let task = tokio::spawn(keep_listening(database.clone(), Arc::clone(&woken)));
        Self { woken, task }
    }

    /// What is notified for each new job. `notified()` must be called before looking for work, so that no wake-up
    /// between the look and the wait is lost.
    pub fn woken(&self) -> Arc<Notify> {
        Arc::clone(&self.woken)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep_listening(database: Database, woken: Arc<Notify>) {
    let mut wait = Duration::from_millis(100);
    loop {
        match listen(&database, &woken).await {
            Ok(()) => wait = Duration::from_millis(100),
            Err(error) => tracing::debug!(%error, "the listening connection broke; polling meanwhile"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(10));
    }
}

async fn listen(database: &Database, woken: &Notify) -> Result<()> {
    let failed = |e| Error::postgres("listen", e);
    let (client, mut connection) = database.config().postgres()?.connect(NoTls).await.map_err(failed)?;
    let listening = tokio::spawn(async move {
        // The client must live as long as the connection is read.
        let result = client.batch_execute("listen colophon_jobs").await;
        (client, result)
    });
    loop {
        match poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notification(_))) => woken.notify_waiters(),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(failed(error)),
            None => {
                listening.abort();
                return Ok(());
            }
        }
    }
}
