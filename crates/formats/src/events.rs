//! What is told of jobs while they go on, in JSON.

use colophon_domain::{Pace, Progress, Transition};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A job went from one status to another: a line of its history.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
pub struct TransitionView {
    pub id: Uuid,
    pub job_id: Uuid,
    pub document_id: Uuid,
    pub action: String,
    pub status: String,
    pub details: Option<Value>,
    pub error_message: Option<String>,
    pub duration_ms: Option<i32>,
    pub created_at: Timestamp,
}

impl From<&Transition> for TransitionView {
    fn from(e: &Transition) -> Self {
        Self {
            id: e.at.id,
            job_id: e.job_id.0,
            document_id: e.document_id.0,
            action: e.action.clone(),
            status: e.status.clone(),
            details: e.details.clone(),
            error_message: e.error_message.clone(),
            duration_ms: e.duration_ms,
            created_at: e.at.created_at,
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is the column of the same name; the domain documents it")]
pub struct ProgressView {
    pub job_id: Uuid,
    pub document_id: Uuid,
    pub status: String,
    pub strategy: Option<String>,
    pub progress: f64,
    pub completed_pages: i32,
    pub total_pages: Option<i32>,
    pub completed_zones: i32,
    pub total_zones: Option<i32>,
    pub current_zone_id: Option<Uuid>,
    pub error_count: i32,
    pub pages_per_second: Option<f64>,
    pub eta_seconds: Option<f64>,
    pub attempt: i16,
    pub max_attempts: i16,
    pub started_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

impl ProgressView {
    /// How far a job is, and how fast it goes.
    pub fn new(job: &Progress, pace: Pace) -> Self {
        let tenths = |number: f64| (number * 10.0).round() / 10.0;
        Self {
            job_id: job.job_id.0,
            document_id: job.document_id.0,
            status: job.status.clone(),
            strategy: job.strategy.clone(),
            progress: job.progress.unwrap_or(0.0),
            completed_pages: job.completed_pages,
            total_pages: job.total_pages,
            completed_zones: job.completed_zones.unwrap_or(0),
            total_zones: job.total_zones,
            current_zone_id: job.current_zone_id,
            error_count: job.error_count.unwrap_or(0),
            pages_per_second: pace.pages_per_second.map(|rate| (rate * 100.0).round() / 100.0),
            eta_seconds: pace.eta_seconds.map(tenths),
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            started_at: job.started_at,
            updated_at: job.updated_at,
        }
    }
}
