//! `/metrics` at an address of its own.

use std::future::IntoFuture as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use colophon_db::Database;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;

/// The address that was asked for, if any: taken before anything is started, so that a mistake is told at once.
pub async fn bind(config: &Config) -> anyhow::Result<Option<(TcpListener, SocketAddr)>> {
    let Some(address) = config.metrics.listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address} for metrics; is another program there? change metrics.listen")
    })?;
    let address = listener.local_addr()?;
    Ok(Some((listener, address)))
}

/// Answers there until `stop`.
pub fn start(bound: Option<(TcpListener, SocketAddr)>, database: &Database, stop: &CancellationToken) {
    let Some((listener, address)) = bound else { return };
    tracing::info!(%address, "metrics are at /metrics");
    let (router, stop) = (colophon_http::metrics_alone(database.clone(), address), stop.clone());
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    tokio::spawn(serving.into_future());
}
