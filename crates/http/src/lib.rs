//! Colophon's HTTP API.
//!
//! A handler reads as a sentence: who, what, done. **Architecture invariants:** no SQL here; every `/v1` route takes a
//! [`auth::Caller`], so that a route without a verified token cannot reach a row (but for `/v1/content/{token}`, whose
//! token is a verified signature). The console's own files hold nothing of anybody's, and need no token.

mod address;
pub mod auth;
mod observe;
mod problem;
mod query;
mod revision;
mod routes;
mod spool;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::get;
use colophon_service::Platform;
use colophon_service::events::Events;
use colophon_service::workers::Workers;
use tokio_util::sync::CancellationToken;

pub use problem::Problem;
pub use routes::metrics::{Metrics, alone as metrics_alone};

/// What every route needs.
#[derive(Debug, Clone)]
pub struct App {
    /// Use cases.
    pub platform: Arc<Platform>,
    /// Jobs that are given to workers outside.
    pub workers: Arc<Workers>,
    /// What happens to jobs, for those who watch.
    pub events: Events,
    /// How tokens are verified.
    pub verifier: Arc<auth::Verifier>,
    /// Where others reach this server, if that was said; else by where each request was sent.
    pub public_url: Option<String>,
    /// Cancelled when the server can wait no longer: uploads then end as if their senders had gone away.
    pub broken_off: CancellationToken,
    /// Cancelled when the server is asked to stop: uploads that can be resumed are broken off at once, and lose
    /// nothing, and streams of events end: whoever watches goes on elsewhere.
    pub stopping: CancellationToken,
    /// Who may read the metrics.
    pub metrics: Arc<Metrics>,
}

/// Bytes that a request other than an upload may have.
const BODY_LIMIT: usize = 1 << 20;

/// The API and the console.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(routes::operation::healthz))
        .route("/readyz", get(routes::operation::readyz))
        .route("/metrics", get(routes::metrics::show))
        .merge(routes::console::router())
        .merge(routes::documents::router())
        .merge(routes::edit::router())
        .merge(routes::metadata_schemas::router())
        .merge(routes::content::router())
        .merge(routes::shares::router())
        .merge(routes::signed_urls::router())
        .merge(routes::versions::router())
        .merge(routes::uploads::router())
        .merge(routes::trash::router())
        .merge(routes::quotas::router())
        .merge(routes::pages::router())
        .merge(routes::zones::router())
        .merge(routes::runs::router())
        .merge(routes::correction_outcomes::router())
        .merge(routes::confidences::router())
        .merge(routes::calibration::router())
        .merge(routes::reading_orders::router())
        .merge(routes::import_zones::router())
        .merge(routes::changes::router())
        .merge(routes::corrections::router())
        .merge(routes::jobs::router())
        .merge(routes::job_statistics::router())
        .merge(routes::job_limits::router())
        .merge(routes::queues::router())
        .merge(routes::schedules::router())
        .merge(routes::events::router())
        .merge(routes::exports::router())
        .merge(routes::worker::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .fallback(routes::operation::not_found)
        .method_not_allowed_fallback(routes::operation::method_not_allowed)
        .layer(from_fn(observe::observe))
        .with_state(app)
}
