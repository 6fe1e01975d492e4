//! The ledger of confidences: what tools said of how sure they were, never overwritten.

use jiff::Timestamp;
use uuid::Uuid;

use crate::{DocumentId, JobId, ZoneId};

/// How sure a tool was of a zone, from one time until another.
#[derive(Debug, Clone, PartialEq)]
pub struct Confidence {
    /// The document.
    pub document_id: DocumentId,
    /// The zone, which may be gone.
    pub zone_id: ZoneId,
    /// The observation; the zone's own id for what stands.
    pub id: Uuid,
    /// 0..1.
    pub confidence: f64,
    /// The tool.
    pub processing_tool: Option<String>,
    /// The model that it used.
    pub processing_model: Option<String>,
    /// The job.
    pub job_id: Option<JobId>,
    /// Label of the zone at that time.
    pub zone_type: Option<String>,
    /// Page of the zone at that time.
    pub page_number: Option<i32>,
    /// When it was observed.
    pub recorded_at: Timestamp,
    /// When another took its place, or the zone went; absent for what stands, and for what a program put down by itself.
    pub until_at: Option<Timestamp>,
    /// Whether it is what the zone says now.
    pub stands: bool,
}
