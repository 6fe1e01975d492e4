//! Wake-ups: one connection of its own that listens for new jobs.

use std::sync::Arc;
use std::time::Duration;

use colophon_connection::Connector;
use futures_util::future::poll_fn;
use tokio::sync::Notify;
use tokio_postgres::AsyncMessage;

use crate::{Database, Error, Result};

/// Listens for `NOTIFY colophon_jobs` until it is dropped, and connects again when the connection breaks.
///
/// A wake-up may be missed (the connection was down, or nothing listens, since behind a transaction pooler nothing can
/// and no direct way is known): whoever waits must poll too.
#[derive(Debug)]
pub struct Listener {
    woken: Arc<Notify>,
    task: Option<tokio::task::JoinHandle<()>>,
}

impl Listener {
    /// Starts listening in the background.
    pub fn start(database: &Database) -> Self {
        let woken = Arc::new(Notify::new());
        let task = if let Some(connector) = database.listening() {
            Some(tokio::spawn(keep_listening(connector.clone(), Arc::clone(&woken))))
        } else {
            tracing::info!(
                "behind a pooler in transaction mode nothing can listen for new jobs: workers poll; give COLOPHON_DIRECT_URL to wake them at once"
            );
            None
        };
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
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn keep_listening(connector: Connector, woken: Arc<Notify>) {
    let mut wait = Duration::from_millis(100);
    loop {
        match listen(&connector, &woken).await {
            Ok(()) => wait = Duration::from_millis(100),
            Err(error) => tracing::debug!(%error, "the listening connection broke; polling meanwhile"),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(10));
    }
}

async fn listen(connector: &Connector, woken: &Notify) -> Result<()> {
    let failed = |e| Error::postgres("listen", e);
    let (client, mut connection) = connector.open().await.map_err(Error::connection)?;
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
