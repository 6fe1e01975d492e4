//! Each request is counted, timed and, if traces are sent, a span in its caller's trace.
//!
//! **Architecture invariant:** only the template of the route is told, never the path: that holds identifiers, and tokens of
//! links.

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use colophon_traces::{continues, span};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

/// Observes a request until its answer begins.
pub async fn observe(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = || route.as_ref().map(MatchedPath::as_str);
    let span = span!(
        "request",
        otel.name = Empty,
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
    );
    if !span.is_disabled() {
        let header = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
        continues(&span, header);
        span.record("otel.name", format!("{method} {}", route().unwrap_or("unmatched")).as_str());
        span.record("http.request.method", method.as_str());
        span.record("http.route", route());
    }
    let mut observed = Observed { method: method.as_str(), route: route(), in_flight: Some(in_flight()) };
    let response = next.run(request).instrument(span.clone()).await;
    observed.answered(&span, response.status().as_u16());
    response
}

type InFlight = colophon_metrics::InFlight<'static>;

fn in_flight() -> InFlight {
    colophon_metrics::get().http.begun()
}

/// Dropped without an answer, whoever asked has gone away.
struct Observed<'a> {
    method: &'a str,
    route: Option<&'a str>,
    in_flight: Option<InFlight>,
}

impl Observed<'_> {
    fn answered(&mut self, span: &Span, status: u16) {
        span.record("http.response.status_code", status);
        if status >= 500 {
            span.record("otel.status_code", "ERROR");
        }
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.answered(self.method, self.route, status);
        }
    }
}

impl Drop for Observed<'_> {
    fn drop(&mut self) {
        if let Some(in_flight) = self.in_flight.take() {
            in_flight.gone_away(self.method, self.route);
        }
    }
}
