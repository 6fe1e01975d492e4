//! `/metrics`, for Prometheus; and who may read it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use colophon_db::statistics::QueueDepth;
use colophon_db::{CallerScope, Database, SystemScope};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::auth::Caller;
use crate::{App, Problem, routes};

/// How long a look at the queue is believed at least,
const BELIEVED: Duration = Duration::from_secs(1);
/// and how many times longer than it took, so that looking never takes more than a tenth of a connection.
const TIMES: u32 = 10;
/// A database that takes longer tells nothing: the other series are wanted most when it is not well.
const PATIENCE: Duration = Duration::from_secs(2);
/// What proxies add, and say so: whoever sends them is not on this machine.
const FORWARDED: [HeaderName; 4] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// Who may read the metrics, and what was seen of the queue.
pub struct Metrics {
    token: Option<[u8; 32]>,
    /// Whoever is on this machine may read without a token.
    is_open: bool,
    /// Until when the last look at the queue is believed.
    looked: Mutex<Option<Instant>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("is_open", &self.is_open).finish_non_exhaustive()
    }
}

impl Metrics {
    /// For an API that listens at `listen`. With a `token` only its holders may read, and the platform; without one those on
    /// this machine may too, if nobody else reaches the address.
    pub fn new(token: Option<&str>, listen: SocketAddr) -> Self {
        Self {
            token: token.map(|token| Sha256::digest(token).into()),
            is_open: token.is_none() && listen.ip().is_loopback(),
            looked: Mutex::new(None),
        }
    }

    /// Everything, as text.
    async fn text(&self, database: &Database) -> Response {
        database.measure_pool();
        let mut believed_until = self.looked.lock().await;
        if believed_until.is_none_or(|until| until < Instant::now()) {
            let begun = Instant::now();
            let depths = match timeout(PATIENCE, queue(database)).await {
                Ok(Ok(depths)) => Some(depths),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the queue could not be looked at");
                    None
                }
                Err(_) => None,
            };
            colophon_metrics::get().jobs.queue(depths.as_deref());
            *believed_until = Some(Instant::now() + BELIEVED.max(begun.elapsed() * TIMES));
        }
        let text = colophon_metrics::get().text();
        ([(header::CONTENT_TYPE, colophon_metrics::CONTENT_TYPE)], text).into_response()
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown
            .and_then(|shown| shown.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        match (&self.token, shown) {
            (Some(token), Some((_, shown))) => Sha256::digest(shown.trim()).ct_eq(token).into(),
            _ => false,
        }
    }
}

async fn queue(database: &Database) -> colophon_db::Result<Vec<QueueDepth>> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let depths = tx.statistics().queue().await?;
    tx.commit().await?;
    Ok(depths)
}

/// A server for metrics alone, at an address that only operators reach: it asks for no token.
pub fn alone(database: Database, listen: SocketAddr) -> Router {
    let metrics = Arc::new(Metrics::new(None, listen));
    Router::new()
        .route("/metrics", get(async move || metrics.text(&database).await))
        .route("/healthz", get(routes::operation::healthz))
        .fallback(routes::operation::not_found)
}

/// For the API's own address.
pub async fn show(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let metrics = &app.metrics;
    let is_let_in = metrics.knows(&parts.headers) || metrics.is_open && is_of_this_machine(&parts.headers);
    if !is_let_in {
        let caller = Caller::from_request_parts(&mut parts, &app).await?;
        if !matches!(caller.scope, CallerScope::Service(_)) {
            let detail =
                "metrics are the platform's: send metrics.token, or a token of the role service_role";
            return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
        }
    }
    Ok(metrics.text(&app.platform.database).await)
}

/// Of an API that listens on this machine alone: not by way of a proxy that says so, nor from a page whose name leads here
/// (DNS rebinding).
fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let is_local = name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    is_local && !FORWARDED.iter().any(|name| headers.contains_key(name))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn only_who_names_this_machine_and_came_by_no_proxy_is_of_it() {
        for host in ["localhost", "localhost:8787", "127.0.0.1:8787", "[::1]:8787", "[::1]", "127.0.0.9"] {
            assert!(is_of_this_machine(&headers(&[("host", host)])), "{host}");
            for forwarded in ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host"] {
                assert!(
                    !is_of_this_machine(&headers(&[("host", host), (forwarded, "192.0.2.1")])),
                    "{forwarded}"
                );
            }
        }
        for host in
            ["", "example.org", "localhost.example.org:8787", "192.0.2.1:8787", "127.0.0.1.example.org"]
        {
            assert!(!is_of_this_machine(&headers(&[("host", host)])), "{host}");
        }
    }

    #[test]
    fn a_token_closes_and_opens() {
        let local: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let metrics = Metrics::new(Some("s3cret"), local);
        assert!(!metrics.is_open);
        assert!(metrics.knows(&headers(&[("authorization", "Bearer s3cret")])));
        for shown in ["Bearer s3cre", "Bearer ", "s3cret", "Basic s3cret", "Bearer s3cret s3cret"] {
            assert!(!metrics.knows(&headers(&[("authorization", shown)])), "{shown}");
        }
        assert!(!Metrics::new(None, local).knows(&headers(&[("authorization", "Bearer ")])));
        assert!(Metrics::new(None, local).is_open);
        assert!(!Metrics::new(None, "0.0.0.0:1".parse().unwrap()).is_open);
    }
}
