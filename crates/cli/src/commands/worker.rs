//! `colophon worker`: workers only.

use std::pin::pin;
use std::sync::Arc;

use colophon_service::Platform;
use colophon_service::reading::Reading;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{asked_to_stop, metrics};
use crate::config::Config;
use crate::instance::{Instance, Wish};

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let workers = config.workers;
    let metrics_at = metrics::bind(config).await?;
    let wish = Wish { program: "colophon worker", workers, ..Wish::default() };
    // Opened before anything is started, so that no signal is missed.
    let mut asked = pin!(asked_to_stop());
    let instance = tokio::select! {
        biased;
        () = &mut asked => return Ok(()),
        instance = Instance::open(config, wish) => instance?,
    };
    let stop = CancellationToken::new();
    let working = start_workers(&instance.platform, workers, &stop);
    let sweeper = start_sweeper(&instance.platform, config, &stop);
    metrics::start(metrics_at, &instance.platform.database, &stop);
    tracing::info!(workers, "waiting for jobs");
    asked.await;
    tracing::info!("asked to stop: handing back what is in hand");
    stop.cancel();
    working.await?;
    sweeper.await?;
    instance.close().await
}

/// A sweeper in this process, until `stop`.
pub fn start_sweeper(platform: &Arc<Platform>, config: &Config, stop: &CancellationToken) -> JoinHandle<()> {
    tokio::spawn(colophon_service::sweep::run(Platform::clone(platform), config.sweep(), stop.clone()))
}

/// Workers in this process, until `stop`. Where there are none of its own, the queue is looked after for those of others.
pub fn start_workers(platform: &Arc<Platform>, workers: u16, stop: &CancellationToken) -> JoinHandle<()> {
    let config = colophon_worker::Config::new(usize::from(workers));
    if workers == 0 {
        let database = platform.database.clone();
        return tokio::spawn(colophon_worker::keep_house(database, config.poll, stop.clone()));
    }
    let processor = Reading::new(Platform::clone(platform), config.lease);
    tokio::spawn(colophon_worker::run(platform.database.clone(), processor, config, stop.clone()))
}
