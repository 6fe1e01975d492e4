//! Jobs that recur.

use colophon_domain::JobSchedule;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Times to come that are told.
const UPCOMING: usize = 3;

/// A schedule of recurring jobs.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
pub struct ScheduleView {
    pub id: Uuid,
    pub document_id: Uuid,
    pub name: Option<String>,
    pub cron: String,
    pub time_zone: String,
    pub strategy: String,
    pub options: Map<String, Value>,
    pub page_numbers: Option<Vec<i32>>,
    pub queue: String,
    pub priority: i16,
    pub max_attempts: i16,
    pub timeout_seconds: Option<i32>,
    pub enabled: bool,
    pub disabled_reason: Option<String>,
    pub next_run_at: Option<Timestamp>,
    /// The next times, the first of them `next_run_at`.
    pub next_runs: Vec<Timestamp>,
    pub last_run_at: Option<Timestamp>,
    pub last_job_id: Option<Uuid>,
    pub last_skipped_at: Option<Timestamp>,
    pub last_skip_reason: Option<String>,
    pub created_by: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ScheduleView {
    /// A schedule, as it is seen now.
    pub fn new(e: JobSchedule, now: Timestamp) -> Self {
        let next_runs = e.upcoming(now, UPCOMING);
        Self {
            id: e.id.0,
            document_id: e.document_id.0,
            name: e.name,
            cron: e.cron,
            time_zone: e.time_zone,
            strategy: e.strategy,
            options: e.options,
            page_numbers: e.page_numbers,
            queue: e.queue,
            priority: e.priority,
            max_attempts: e.max_attempts,
            timeout_seconds: e.timeout_seconds,
            enabled: e.enabled,
            disabled_reason: e.disabled_reason,
            next_run_at: next_runs.first().copied(),
            next_runs,
            last_run_at: e.last_run_at,
            last_job_id: e.last_job_id.map(|job| job.0),
            last_skipped_at: e.last_skipped_at,
            last_skip_reason: e.last_skip_reason,
            created_by: e.created_by,
            created_at: e.created_at,
            updated_at: e.updated_at,
        }
    }
}
