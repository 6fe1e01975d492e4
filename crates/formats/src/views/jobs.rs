//! Jobs, what became of them, what they took, and the queues they stand in.

use std::collections::BTreeMap;

use colophon_domain::{
    Attempt, Durations, HistoryEntry, Job, JobLimit, JobPage, JobStatistics, JobZone, PageOutcome, Period,
    Queue, QueueStrategy, Stages,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// What attempts took in a period.
#[derive(Debug, Serialize)]
pub struct JobStatisticsListView {
    /// From when: the beginning of an hour.
    pub from: Timestamp,
    /// Until when: an attempt that ended then is not among them.
    pub to: Timestamp,
    /// For each day, strategy or error.
    pub items: Vec<JobStatisticsView>,
}

impl JobStatisticsListView {
    /// What attempts took in this period.
    pub fn new(period: Period, statistics: Vec<JobStatistics>) -> Self {
        let items = statistics.into_iter().map(JobStatisticsView::from).collect();
        Self { from: period.since, to: period.until, items }
    }
}

view!(
    /// What attempts of one day, strategy or error took.
    JobStatisticsView of JobStatistics {
        day: Option<String> = e.day.map(|day| day.strftime("%Y-%m-%d").to_string()),
        strategy: Option<String> = e.strategy,
        error_class: Option<String> = e.error_class,
        error_code: Option<String> = e.error_code,
        attempts: u64 = e.attempts,
        outcomes: BTreeMap<String, u64> = e.outcomes,
        pages: u64 = e.pages,
        pages_failed: u64 = e.pages_failed,
        pages_per_second: Option<f64> = e.pages_per_second,
        seconds: DurationsView = e.duration.into(),
        stages: BTreeMap<String, DurationsView> =
            e.stages.into_iter().map(|(stage, durations)| (stage, durations.into())).collect(),
    } as e
);

view!(
    /// How long something took, in seconds.
    DurationsView of Durations {
        count: u64 = e.count,
        sum: f64 = e.sum,
        mean: f64 = e.mean,
        p50: f64 = e.p50,
        p95: f64 = e.p95,
        p99: f64 = e.p99,
        max: f64 = e.max,
    } as e
);

view!(
    /// A job.
    JobView of Job {
        id: Uuid = e.id.0,
        document_id: Uuid = e.document_id.0,
        status: String = e.status,
        strategy: Option<String> = e.strategy,
        started_at: Option<Timestamp> = e.started_at,
        completed_at: Option<Timestamp> = e.completed_at,
        progress: Option<f64> = e.progress,
        current_zone_id: Option<Uuid> = e.current_zone_id,
        total_zones: Option<i32> = e.total_zones,
        completed_zones: Option<i32> = e.completed_zones,
        error_count: Option<i32> = e.error_count,
        options: Option<Value> = e.options,
        metrics: Option<Value> = e.metrics,
        created_at: Timestamp = e.created_at,
        updated_at: Timestamp = e.updated_at,
        version: i32 = e.version,
        queue: String = e.queue,
        priority: i16 = e.priority,
        attempt: i16 = e.attempt,
        max_attempts: i16 = e.max_attempts,
        total_pages: Option<i32> = e.total_pages,
        completed_pages: i32 = e.completed_pages,
        page_numbers: Option<Vec<i32>> = e.page_numbers,
        zone_ids: Option<Vec<Uuid>> = e.zone_ids,
        run_at: Option<Timestamp> = e.run_at,
        timeout_seconds: Option<i32> = e.timeout_seconds,
        job_key: Option<String> = e.job_key,
        depends_on: Option<Vec<Uuid>> = e.depends_on,
        error_class: Option<String> = e.error_class,
        error_code: Option<String> = e.error_code,
        error_message: Option<String> = e.error_message,
        created_by: Option<String> = e.created_by,
        filename: Option<String> = e.filename,
    } as e
);

/// A job that was asked for among others.
#[derive(Debug, Serialize)]
pub struct RequestedJobView {
    /// Whether it was made now; else a live job had its key, or it was asked for before.
    pub created: bool,
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
}

view!(
    /// A queue and what lives in it.
    QueueView of Queue {
        queue: String = e.queue,
        paused: bool = e.pause.is_some(),
        paused_at: Option<Timestamp> = e.pause.as_ref().map(|pause| pause.paused_at),
        paused_by: Option<String> = e.pause.as_ref().and_then(|pause| pause.paused_by.clone()),
        reason: Option<String> = e.pause.and_then(|pause| pause.reason),
        strategies: Vec<QueueStrategyView> = e.strategies.into_iter().map(QueueStrategyView::from).collect(),
    } as e
);

view!(
    /// Live jobs of one strategy in a queue.
    QueueStrategyView of QueueStrategy {
        strategy: String = e.strategy,
        queued: i64 = e.queued,
        scheduled: i64 = e.scheduled,
        waiting: i64 = e.waiting,
        paused: i64 = e.paused,
        running: i64 = e.running,
        oldest_seconds: Option<f64> = e.oldest_seconds,
    } as e
);

view!(
    /// How many jobs may run at once.
    JobLimitView of JobLimit {
        name: String = e.said_name().to_owned(),
        kind: String = e.kind,
        max_running: i32 = e.max_running,
    } as e
);

/// A job with the outcome of each of its pages, and of each zone that it names.
#[derive(Debug, Serialize)]
pub struct JobWithPagesView {
    /// The job.
    #[serde(flatten)]
    pub job: JobView,
    /// Its pages that have an outcome.
    pub pages: Vec<JobPageView>,
    /// Its zones that have an outcome; none where it works on pages.
    pub zones: Vec<JobZoneView>,
}

/// A page of a job.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
pub struct JobPageView {
    pub page_number: i32,
    pub outcome: &'static str,
    pub attempt: i16,
    pub zone_count: i32,
    pub error_class: Option<&'static str>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub duration_ms: Option<i32>,
    pub stages: Stages,
    pub strategy: Option<String>,
    pub reason: Option<String>,
}

impl From<JobPage> for JobPageView {
    fn from(page: JobPage) -> Self {
        let (outcome, zone_count, error_class, error_code, error_message) = match page.outcome {
            PageOutcome::Completed { zone_count } => ("completed", zone_count, None, None, None),
            PageOutcome::Failed { class, code, message } => {
                ("failed", 0, Some(class.as_str()), Some(code), Some(message))
            }
        };
        Self {
            page_number: page.page_number,
            outcome,
            attempt: page.attempt,
            zone_count,
            error_class,
            error_code,
            error_message,
            duration_ms: page.duration_ms,
            stages: page.stages,
            strategy: page.strategy,
            reason: page.reason,
        }
    }
}

/// A zone that a job names.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
pub struct JobZoneView {
    pub zone_id: Uuid,
    pub outcome: &'static str,
    pub attempt: i16,
    pub error_class: Option<&'static str>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub duration_ms: Option<i32>,
    pub stages: Stages,
}

impl From<JobZone> for JobZoneView {
    fn from(zone: JobZone) -> Self {
        let (error_class, error_code, error_message) = match zone.failure {
            None => (None, None, None),
            Some(failure) => (Some(failure.class.as_str()), Some(failure.code), Some(failure.message)),
        };
        Self {
            zone_id: zone.zone_id.0,
            outcome: if error_code.is_some() { "failed" } else { "completed" },
            attempt: zone.attempt,
            error_class,
            error_code,
            error_message,
            duration_ms: zone.duration_ms,
            stages: zone.stages,
        }
    }
}

view!(
    /// An attempt that ended.
    AttemptView of Attempt {
        attempt: i16 = e.attempt,
        lease_seq: i64 = e.lease_seq,
        outcome: String = e.outcome,
        worker: Option<String> = e.worker,
        started_at: Option<Timestamp> = e.started_at,
        finished_at: Timestamp = e.finished_at,
        error_class: Option<String> = e.error_class,
        error_code: Option<String> = e.error_code,
        error_message: Option<String> = e.error_message,
        metrics: Value = e.metrics,
    } as e
);

view!(
    /// One line of a job's history.
    HistoryEntryView of HistoryEntry {
        id: Uuid = e.id,
        action: String = e.action,
        status: Option<String> = e.status,
        details: Option<Value> = e.details,
        error_message: Option<String> = e.error_message,
        duration_ms: Option<i32> = e.duration_ms,
        created_at: Option<Timestamp> = e.created_at,
    } as e
);
