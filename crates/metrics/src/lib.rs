//! What this process counts and times, for Prometheus.
//!
//! The series belong to the process, so there is one set of them, made when it is first needed; whoever does something
//! counts it where it is done: `colophon_metrics::get().jobs.claimed("ocr", 1)`. Durations are seconds, sizes bytes.
//!
//! **Architecture invariant:** no label holds what somebody else chooses without bound. Routes are templates; names of
//! strategies, stages and queues go through `names::Names`, which calls whatever comes after the first hundred `other`.

mod database;
mod http;
mod jobs;
mod names;
mod process;

use std::sync::LazyLock;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

pub use database::Database;
pub use http::{Http, InFlight};
pub use jobs::{Jobs, QueueDepth};
pub use process::Process;

/// What [`Metrics::text`] is, for `Content-Type`: `OpenMetrics`, which Prometheus has read since 2.5.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every series.
#[derive(Debug)]
pub struct Metrics {
    /// Requests and uploads.
    pub http: Http,
    /// The pool of connections.
    pub database: Database,
    /// Jobs, their queue and their workers.
    pub jobs: Jobs,
    /// This process itself.
    pub process: Process,
    registry: Registry,
}

/// The series of this process.
pub fn get() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::default();
        let process = Process::register(&mut registry);
        let ours = registry.sub_registry_with_prefix("colophon");
        let (http, database, jobs) = (Http::register(ours), Database::register(ours), Jobs::register(ours));
        Self { http, database, jobs, process, registry }
    }

    /// All of them as text; empty if they cannot be written, which no label of ours brings about.
    pub fn text(&self) -> String {
        self.process.look();
        let mut text = String::new();
        match encode(&mut text, &self.registry) {
            Ok(()) => text,
            Err(std::fmt::Error) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_text_names_units_and_ends_as_openmetrics_wants() {
        let metrics = Metrics::new();
        metrics.http.begun().answered("GET", Some("/v1/documents/{id}"), 200);
        metrics.jobs.claimed("text-layer", 2);
        metrics.jobs.attempt_ended("text-layer", "completed", None, Duration::from_millis(30));
        metrics.jobs.stage("text-layer", "store", Duration::from_millis(3));
        metrics.database.waited(Duration::from_micros(20));
        let text = metrics.text();
        for line in [
            "colophon_http_requests_total{method=\"GET\",route=\"/v1/documents/{id}\",status=\"200\"} 1",
            "colophon_http_request_duration_seconds_count{method=\"GET\",route=\"/v1/documents/{id}\"} 1",
            "colophon_http_requests_in_flight 0",
            "colophon_jobs_claimed_total{strategy=\"text-layer\"} 2",
            "colophon_job_attempts_total{strategy=\"text-layer\",outcome=\"completed\",error_class=\"\"} 1",
            "colophon_job_stage_duration_seconds_count{strategy=\"text-layer\",stage=\"store\"} 1",
            "colophon_database_wait_seconds_count 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("colophon_build_info{version="), "{text}");
        assert!(text.contains("\nprocess_start_time_seconds "), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn what_others_name_is_bounded() {
        let metrics = Metrics::new();
        for n in 0..1_000 {
            metrics.jobs.claimed(&format!("strategy-{n}"), 1);
            metrics.http.begun().answered(&format!("METHOD{n}"), None, 404);
        }
        let text = metrics.text();
        let series = text.lines().filter(|line| line.starts_with("colophon_jobs_claimed_total{")).count();
        assert_eq!(series, names::MOST + 1);
        assert!(text.contains("colophon_jobs_claimed_total{strategy=\"other\"} 900"), "{text}");
        assert!(text.contains(
            "colophon_http_requests_total{method=\"other\",route=\"unmatched\",status=\"404\"} 1000"
        ));
    }
}
