//! Requests, by the template of their route.

use std::borrow::Cow;
use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// As servers write it where whoever asked has gone away.
const GONE_AWAY: u16 = 499;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: Cow<'static, str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: &'static str,
    route: Cow<'static, str>,
    status: u16,
}

/// Requests and uploads.
#[derive(Debug)]
pub struct Http {
    requests: Family<Answer, Counter>,
    duration: Family<Route, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    upload_bytes: Counter,
}

/// A request that is being answered.
#[derive(Debug)]
pub struct InFlight<'a> {
    http: &'a Http,
    since: Instant,
}

impl Http {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let http = Self {
            requests: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            in_flight: Gauge::default(),
            upload_bytes: Counter::default(),
        };
        let Self { requests, duration, in_flight, upload_bytes } = &http;
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let help = "Time until an answer began";
        registry.register_with_unit("http_request_duration", help, Unit::Seconds, duration.clone());
        registry.register("http_requests_in_flight", "Requests that wait for an answer", in_flight.clone());
        let help = "Bytes of files that were taken in, also of uploads that came to nothing";
        registry.register_with_unit("upload", help, Unit::Bytes, upload_bytes.clone());
        http
    }

    /// A request came.
    pub fn begun(&self) -> InFlight<'_> {
        self.in_flight.inc();
        InFlight { http: self, since: Instant::now() }
    }

    /// Bytes of a file came in.
    pub fn uploaded(&self, bytes: u64) {
        self.upload_bytes.inc_by(bytes);
    }
}

impl InFlight<'_> {
    /// It was answered. `route` is the template that matched, if any did.
    pub fn answered(self, method: &str, route: Option<&str>, status: u16) {
        self.count(method, route, status);
    }

    /// As [`InFlight::answered`], for a request whose sender did not wait for the answer.
    pub fn gone_away(self, method: &str, route: Option<&str>) {
        self.count(method, route, GONE_AWAY);
    }

    fn count(&self, method: &str, route: Option<&str>, status: u16) {
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        let route = route.map_or(Cow::Borrowed("unmatched"), |route| Cow::Owned(route.to_owned()));
        let seconds = self.since.elapsed().as_secs_f64();
        self.http.duration.get_or_create(&Route { method, route: route.clone() }).observe(seconds);
        self.http.requests.get_or_create(&Answer { method, route, status }).inc();
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.http.in_flight.dec();
    }
}
