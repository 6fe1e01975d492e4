//! The pool: how connections are made, and what is done when the server takes no more of them.

use std::pin::Pin;
use std::time::{Duration, Instant};

use colophon_connection::Connector;
use deadpool_postgres::{
    Connect, Manager, ManagerConfig, Object, Pool, PoolConfig, PoolError, QueueMode, RecyclingMethod,
    Runtime, Timeouts,
};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::{Error, ErrorKind, Result};

/// How long one waits for a connection to come free.
const WAIT: Duration = Duration::from_secs(10);

pub(crate) fn make(connector: &Connector, size: usize) -> Result<Pool> {
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_connect(connector.postgres().clone(), Connecting(connector.clone()), config);
    Pool::builder(manager)
        .config(PoolConfig {
            max_size: size,
            // The one that came back last has its statements planned and its caches warm.
            queue_mode: QueueMode::Lifo,
            timeouts: Timeouts { wait: Some(WAIT), create: Some(connector.patience()), recycle: Some(WAIT) },
        })
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|e| Error::new(ErrorKind::Bug, "connect", e.to_string()))
}

/// A connection. A server or pooler that takes no more just now is asked again: others, or this pool itself, may give
/// one back meanwhile.
pub(crate) async fn take(pool: &Pool, connector: &Connector) -> Result<Object> {
    let begun = Instant::now();
    let taken = take_one(pool, connector).await;
    let metrics = &colophon_metrics::get().database;
    match &taken {
        Ok(_) => metrics.waited(begun.elapsed()),
        Err(_) => metrics.refused(),
    }
    taken
}

async fn take_one(pool: &Pool, connector: &Connector) -> Result<Object> {
    let give_up = Instant::now() + WAIT;
    let mut pause = Duration::from_millis(50);
    loop {
        match pool.get().await {
            Err(PoolError::Backend(error))
                if colophon_connection::is_full(&error) && Instant::now() + pause < give_up =>
            {
                tracing::debug!(%error, "no connection to be had just now; trying again");
            }
            taken => return taken.map_err(|e| Error::pool(connector, e)),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

struct Connecting(Connector);

type Connected = std::result::Result<(Client, JoinHandle<()>), tokio_postgres::Error>;

impl Connect for Connecting {
    // The settings are those of the connector.
    fn connect(&self, _: &tokio_postgres::Config) -> Pin<Box<dyn Future<Output = Connected> + Send + '_>> {
        Box::pin(async {
            let (client, connection) = self.0.try_open().await?;
            let task = tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection to the database broke");
                }
            });
            Ok((client, task))
        })
    }
}
