//! The nouns of Colophon: documents, versions, pages, zones, jobs, exports; their identifiers, states and rules.
//!
//! **Architecture invariant:** nothing here does I/O, knows SQL or decides a wire format. Entities have no
//! `Serialize`; the HTTP edge has a view of each.

pub mod anchor;
pub mod calibration;
pub mod changes;
pub mod confidences;
pub mod coordinates;
pub mod correction_outcomes;
pub mod corrections;
pub mod document_lists;
pub mod documents;
pub mod events;
pub mod exports;
pub mod filenames;
pub mod geometry;
pub mod ids;
pub mod job_requests;
pub mod jobs;
pub mod lists;
pub mod metadata;
pub mod pages;
pub mod queues;
pub mod quotas;
pub mod reading_orders;
pub mod schedules;
pub mod shares;
pub mod statistics;
pub mod tags;
pub mod undo;
pub mod uploads;
pub mod vocabularies;
pub mod zone_history;
pub mod zones;

pub use calibration::{Calibration, CalibrationFilter, Verdicts};
pub use changes::{AsOf, Change, ChangeFilter, ChangeKind, Moment, NewChange};
pub use confidences::Confidence;
pub use coordinates::{BoundingBox, Coordinates, Point, Region};
pub use correction_outcomes::{CorrectionOutcome, Keep, NewCorrectionOutcome, Outcome, OutcomeFilter};
pub use corrections::{
    Correction, CorrectionFilter, CorrectionType, NewCorrection, ZoneEdit, ZoneField, ZonePatch,
};
pub use document_lists::{DocumentCursor, DocumentFilter, DocumentOrder, FieldFilter};
pub use documents::{Document, DocumentPatch, DocumentStatus, Duplicate, NewDocument, OnDuplicate, Version};
pub use events::{Pace, Pacer, Progress, Transition};
pub use exports::{ExportFile, ExportRecord};
pub use filenames::FileName;
pub use geometry::{Frame, PageFrame, Shape};
pub use ids::{DocumentId, ExportId, JobId, ScheduleId, ShareId, UploadId, UserId, ZoneId};
pub use job_requests::JobRequest;
pub use jobs::{
    Attempt, DEFAULT_QUEUE, ErrorClass, HistoryEntry, Job, JobFilter, JobPage, JobStatus, JobZone,
    MAX_ATTEMPTS, NewJob, PageOutcome, Stages, Strategy, UnitFailure, Units,
};
pub use lists::{Cursor, List};
pub use metadata::MetadataSchema;
pub use pages::Page;
pub use queues::{JobLimit, LimitKind, Queue, QueuePause, QueueStrategy};
pub use quotas::{Quota, Usage};
pub use reading_orders::{ReadingOrder, ReadingOrderGroup, ReadingOrderItem, StoredReadingOrder};
pub use schedules::{Cron, DueSchedule, JobSchedule, NewSchedule, Turn};
pub use shares::{Access, Action, LinkToken, NewShare, Share, ShareRole, ShareUse};
pub use statistics::{Durations, JobStatistics, Period, StatisticsBy, StatisticsRow};
pub use tags::Tags;
pub use uploads::{NewUpload, Upload};
pub use vocabularies::{Mapped, Vocabulary};
pub use zone_history::{DiffCounts, DiffCursor, ZoneDiff, ZoneImage, ZoneState};
pub use zones::{NewZone, SearchFilter, SearchHit, Zone, ZoneFilter, ZoneStatus};

/// A value that breaks a rule of the domain: which field, and what the rule is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The field as it is named in the API and in the database.
    pub field: &'static str,
    /// What was wrong with it and what would be right.
    pub reason: String,
}

impl Invalid {
    /// A refusal of `field` for `reason`.
    pub fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}
