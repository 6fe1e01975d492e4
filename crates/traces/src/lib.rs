//! Spans by OpenTelemetry: requests, attempts of jobs and their stages, statements of the database.
//!
//! Spans are made with [`span!`] wherever work is done. Unless [`start`] was called nobody wants them, and a span costs one
//! look at a flag. What is sent goes by OTLP over HTTP, in protobuf.
//!
//! **Architecture invariant:** an attribute is a name of ours (a template of a route, a statement, a strategy, a stage, a
//! code), a number, or an identifier. Never a path, a query, a header, a parameter of a statement, or a message: those may
//! hold what is somebody's. Lines of the log are not sent either.

mod context;
mod otlp;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::Subscriber;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

pub use context::{continues, follows, traceparent};
pub use otlp::Headers;

/// What our spans are told by. Lines of a log have another one.
pub const TARGET: &str = "colophon::span";

/// A span of ours: as [`tracing::span!`], without level and target. `otel.name` and `otel.kind` say what it is called and
/// which side it shows.
#[macro_export]
macro_rules! span {
    ($($field:tt)*) => { $crate::reexport::trace_span!(target: $crate::TARGET, $($field)*) };
}

#[doc(hidden)]
pub mod reexport {
    pub use tracing::trace_span;
}

/// Where spans go, and how many.
#[derive(Debug, Clone)]
pub struct Config {
    /// The collector, without the path: `http://localhost:4318`.
    pub endpoint: String,
    /// Sent with each batch, such as a key of the collector.
    pub headers: Headers,
    /// What this program is called there.
    pub service_name: String,
    /// The share of traces that begin here and are sent, 0 to 1. Whose caller says whether they are sent follow the caller.
    pub sample: f64,
}

/// Spans cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("cannot send traces to {endpoint}: {reason}")]
pub struct Error {
    endpoint: String,
    reason: String,
}

/// What sends spans. To be closed in the end, or the last ones are lost.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

/// Begins to send. The layer is for the subscriber; a collector that cannot be reached stops nothing: its spans are lost, and
/// the log says so.
///
/// # Errors
/// The endpoint is no address.
pub fn start<S>(config: Config) -> Result<(impl Layer<S>, Traces), Error>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let Config { endpoint, headers, service_name, sample } = config;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(otlp::Client::new(&endpoint))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_headers(headers.into_pairs())
        .build()
        .map_err(|error| Error { endpoint, reason: error.to_string() })?;
    let version = env!("CARGO_PKG_VERSION");
    let resource = Resource::builder_empty()
        .with_service_name(service_name)
        .with_attribute(KeyValue::new("service.version", version))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample))))
        .with_resource(resource)
        .build();
    let scope = InstrumentationScope::builder("colophon").with_version(version).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer_with_scope(scope))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(only_ours());
    Ok((layer, Traces(provider)))
}

fn only_ours() -> FilterFn {
    filter_fn(|metadata| metadata.is_span() && metadata.target() == TARGET)
}

impl Traces {
    /// Sends what is left, for five seconds at most. Blocks.
    pub fn close(self) {
        if let Err(error) = self.0.shutdown_with_timeout(std::time::Duration::from_secs(5)) {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}
