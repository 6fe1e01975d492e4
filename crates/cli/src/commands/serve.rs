//! `colophon serve`: the whole platform in one process.

mod sips;

use std::future::IntoFuture as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use colophon_http::{App, Metrics, auth};
use colophon_service::workers::Workers;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::worker::{start_sweeper, start_workers};
use super::{asked_to_stop, metrics};
use crate::args::Serve;
use crate::config::{Config, Secret};
use crate::instance::{Instance, Wish};
use crate::output;

/// How long requests in hand may take after the program was asked to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// How long uploads that are broken off may take to clean up after themselves.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long the token lasts that `serve` prints: a working day.
const TOKEN_SECONDS: i64 = 12 * 3_600;

pub async fn run(config: &Config, serve: Serve) -> anyhow::Result<()> {
    // The address first: a second `serve` is told at once, before it starts anything.
    let listener = tokio::net::TcpListener::bind(config.listen).await.with_context(|| {
        format!("cannot listen on {}; is another program there? say --listen ADDRESS", config.listen)
    })?;
    let listen = listener.local_addr()?;
    let metrics_at = metrics::bind(config).await?;
    let wish =
        Wish { program: "colophon serve", workers: config.workers, database_listen: config.database.listen };
    // One ear for all phases, opened before anything is started: no signal falls between two of them.
    let mut asked = pin!(asked_to_stop());
    let instance = tokio::select! {
        biased;
        () = &mut asked => return Ok(()),
        instance = Instance::open(config, wish) => instance?,
    };
    let verifier = Arc::new(instance.verifier(config)?);
    // Beside everything else: a project whose keys cannot be reached must not keep the server from starting.
    tokio::spawn({
        let verifier = Arc::clone(&verifier);
        async move { verifier.prepare().await }
    });
    let stop = CancellationToken::new();
    let workers = start_workers(&instance.platform, config.workers, &stop);
    let sweeper = start_sweeper(&instance.platform, config, &stop);
    let broken_off = CancellationToken::new();
    let app = App {
        platform: Arc::clone(&instance.platform),
        workers: Arc::new(Workers::new(instance.platform.database.clone())),
        events: colophon_service::events::Events::new(&instance.platform.database),
        verifier: Arc::clone(&verifier),
        public_url: config.public_url.clone(),
        broken_off: broken_off.clone(),
        stopping: stop.clone(),
        metrics: Arc::new(Metrics::new(config.metrics.token.as_ref().map(Secret::expose), listen)),
    };
    metrics::start(metrics_at, &instance.platform.database, &stop);

    let stopping = stop.clone();
    let mut serving = tokio::spawn(
        axum::serve(sips::Sips(listener), colophon_http::router(app))
            .with_graceful_shutdown(async move { stopping.cancelled().await })
            .into_future(),
    );
    if let Err(error) = announce(&serve, &instance, &verifier, listen) {
        // Somebody who stops reading (`| head -1`) wants the server all the same.
        tracing::debug!(%error, "nobody reads that the server is ready");
    }

    tokio::select! {
        () = &mut asked => tracing::info!("asked to stop: finishing what is in hand"),
        ended = &mut serving => ended?.context("the API broke off")?,
    }
    stop.cancel();
    if tokio::time::timeout(DRAIN, &mut serving).await.is_err() {
        tracing::warn!("requests were still in hand after {} seconds; they are broken off", DRAIN.as_secs());
        broken_off.cancel();
        if tokio::time::timeout(FAREWELL, &mut serving).await.is_err() {
            serving.abort();
        }
    }
    workers.await?;
    sweeper.await?;
    instance.close().await
}

fn announce(
    serve: &Serve,
    instance: &Instance,
    verifier: &auth::Verifier,
    listen: SocketAddr,
) -> anyhow::Result<()> {
    let url = format!("http://{listen}");
    let database_url = instance.private_url();
    // Only the private instance hands out tokens: on a shared database that is the platform's business.
    let token = match &database_url {
        Some(_) => Some(verifier.mint(instance.owner, auth::Role::Authenticated, TOKEN_SECONDS)?),
        None => None,
    };
    if serve.ready_json {
        let ready =
            json!({ "listen": listen.to_string(), "url": url, "token": token, "database_url": database_url });
        return output::line(&ready.to_string());
    }
    let console = console_url(listen);
    let Some(token) = token else {
        output::line(&format!("Open {console} (it asks for a token of your platform)\n"))?;
        return output::line(&format!("Colophon is ready: {url}"));
    };
    // A fragment: browsers send it to no server, and no log holds it.
    output::line(&format!("Open {console}#token={token}\n"))?;
    output::line(&format!("Colophon is ready: {url}"))?;
    output::line(
        "\nTry it in another terminal (the token lasts 12 hours; `colophon token` makes others):\n",
    )?;
    output::line(&format!("  export TOKEN={token}"))?;
    output::line(&format!(
        "  curl -H \"Authorization: Bearer $TOKEN\" -F file=@some.pdf '{url}/v1/documents?process=true'"
    ))?;
    output::line(&format!("  curl -H \"Authorization: Bearer $TOKEN\" '{url}/v1/documents'"))
}

/// Where a browser on this machine finds the console: nobody can open 0.0.0.0.
pub(super) fn console_url(listen: SocketAddr) -> String {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}/", SocketAddr::new(ip, listen.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_can_be_opened_wherever_the_server_listens() {
        for (listen, link) in [
            ("127.0.0.1:8787", "http://127.0.0.1:8787/"),
            ("0.0.0.0:80", "http://127.0.0.1:80/"),
            ("[::]:8787", "http://[::1]:8787/"),
            ("192.0.2.7:8787", "http://192.0.2.7:8787/"),
        ] {
            assert_eq!(console_url(listen.parse().unwrap()), link);
        }
    }
}
