//! Which trace a span belongs to, as W3C's `traceparent` tells it.

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

/// Makes a span part of its caller's trace. What is no `traceparent` begins a trace of its own.
pub fn continues(span: &Span, traceparent: Option<&str>) {
    if let (false, Some(remote)) = (span.is_disabled(), traceparent.and_then(context)) {
        // Fails for a span that has begun, or that nobody wants.
        let _ = span.set_parent(remote);
    }
}

/// Has a span point to the one that brought it about, in another time and place.
pub fn follows(span: &Span, traceparent: Option<&str>) {
    if let (false, Some(remote)) = (span.is_disabled(), traceparent.and_then(context)) {
        span.add_link(remote.span().span_context().clone());
    }
}

/// The span that is current, for others to continue or to follow; `None` where its trace is not sent.
pub fn traceparent() -> Option<String> {
    let span = Span::current();
    if span.is_disabled() {
        return None;
    }
    let context = span.context();
    let is_sent = context.span().span_context().is_sampled();
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(TRACEPARENT).filter(|_| is_sent)
}

fn context(traceparent: &str) -> Option<Context> {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    context.span().span_context().is_valid().then_some(context)
}
