//! Processing jobs: their states, pages, attempts and history.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{DocumentId, Invalid, JobId, ZoneId};

/// Where a job stands. The transitions are enforced by the database too (`colophon.job_transitions()`); a test
/// compares the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Waits for a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Put aside by a person.
    Paused,
    /// An attempt failed; the next one waits for its time.
    Retrying,
    /// Every page is done.
    Completed,
    /// Some pages are done, the others are given up.
    PartiallyCompleted,
    /// Given up.
    Failed,
    /// Called off.
    Cancelled,
}

impl JobStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::Paused,
        Self::Retrying,
        Self::Completed,
        Self::PartiallyCompleted,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Retrying => "retrying",
            Self::Completed => "completed",
            Self::PartiallyCompleted => "partially_completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Where a job may go from here.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Queued | Self::Retrying => &[Self::Running, Self::Paused, Self::Cancelled, Self::Failed],
            Self::Running => &[
                Self::Completed,
                Self::PartiallyCompleted,
                Self::Failed,
                Self::Cancelled,
                Self::Retrying,
                Self::Paused,
                Self::Queued,
            ],
            Self::Paused => &[Self::Queued, Self::Cancelled],
            Self::Failed | Self::PartiallyCompleted | Self::Cancelled => &[Self::Queued],
            Self::Completed => &[],
        }
    }

    /// Whether nothing more will happen unless somebody asks.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::PartiallyCompleted | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for JobStatus {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("status", format!("{text:?} is none of {known}"))
        })
    }
}

/// How a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// The text a born-digital PDF carries.
    TextLayer,
    /// What tesseract reads on the pages as they look.
    Ocr,
    /// For each page the one of the two that suits it.
    Auto,
}

impl Strategy {
    /// Every built-in strategy.
    pub const ALL: [Self; 3] = [Self::TextLayer, Self::Ocr, Self::Auto];

    /// The name in the database and in the API. Zones carry it as `processing_tool`, but for `auto`: theirs name the one
    /// that read them.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TextLayer => "text-layer",
            Self::Ocr => "ocr",
            Self::Auto => "auto",
        }
    }
}

impl std::str::FromStr for Strategy {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("strategy", format!("{text:?} is none of {known}"))
        })
    }
}

/// What may be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// Another attempt may succeed.
    Transient,
    /// Every attempt will end like this one.
    Permanent,
    /// The file harms the worker that reads it.
    Poison,
}

impl ErrorClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Transient, Self::Permanent, Self::Poison];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::Poison => "poison",
        }
    }
}

impl fmt::Display for ErrorClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ErrorClass {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|class| class.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("error_class", format!("{text:?} is none of {known}"))
        })
    }
}

/// A job as it stands now.
#[derive(Debug, Clone)]
pub struct Job {
    /// The document it works on.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: JobId,
    /// Where it stands.
    pub status: String,
    /// How the document is read.
    pub strategy: Option<String>,
    /// Start of the first attempt.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// 0..100, by pages.
    pub progress: Option<f64>,
    /// The zone in hand.
    pub current_zone_id: Option<Uuid>,
    /// Zones found so far; the whole count once it ended.
    pub total_zones: Option<i32>,
    /// Zones stored.
    pub completed_zones: Option<i32>,
    /// Pages given up plus attempts that failed.
    pub error_count: Option<i32>,
    /// What the caller asked for.
    pub options: Option<Value>,
    /// What the attempts measured.
    pub metrics: Option<Value>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When any of it last changed.
    pub updated_at: Timestamp,
    /// Version of the document.
    pub version: i32,
    /// Name of the queue.
    pub queue: String,
    /// 1 is first, 4 is last.
    pub priority: i16,
    /// Attempts begun.
    pub attempt: i16,
    /// Attempts allowed.
    pub max_attempts: i16,
    /// Pages asked for.
    pub total_pages: Option<i32>,
    /// Pages with an outcome.
    pub completed_pages: i32,
    /// What may be done about the last failure.
    pub error_class: Option<String>,
    /// Stable name of the last failure.
    pub error_code: Option<String>,
    /// The last failure in words.
    pub error_message: Option<String>,
    /// Who asked.
    pub created_by: Option<String>,
    /// The document's name.
    pub filename: Option<String>,
    /// The pages asked for; `None` for all, or where zones are named.
    pub page_numbers: Option<Vec<i32>>,
    /// The zones asked for; `None` where pages are meant.
    pub zone_ids: Option<Vec<Uuid>>,
    /// Not to be begun before.
    pub run_at: Option<Timestamp>,
    /// Seconds that one attempt may take.
    pub timeout_seconds: Option<i32>,
    /// Of an owner's jobs with the same key, one is live.
    pub job_key: Option<String>,
    /// Jobs that must have ended well before this one begins.
    pub depends_on: Option<Vec<Uuid>>,
}

/// Name of the queue that built-in strategies use.
pub const DEFAULT_QUEUE: &str = "default";

/// Attempts allowed unless asked for otherwise.
pub const MAX_ATTEMPTS: i16 = 5;

/// A job to be queued.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Made before the insert.
    pub id: JobId,
    /// The document.
    pub document_id: DocumentId,
    /// Version of the document.
    pub version: i32,
    /// How to read it: a built-in [`Strategy`], or one that somebody's own workers know.
    pub strategy: String,
    /// Strategy's own settings.
    pub options: Map<String, Value>,
    /// 1 is first, 4 is last.
    pub priority: i16,
    /// Units of the job, where known: the pages named, or those of the version.
    pub total_pages: Option<i32>,
    /// Who asks.
    pub created_by: Option<String>,
    /// Name of the queue.
    pub queue: String,
    /// Attempts allowed, 1..=100.
    pub max_attempts: i16,
    /// Which part of the document.
    pub units: Units,
    /// Not to be begun before.
    pub run_at: Option<Timestamp>,
    /// Seconds that one attempt may take, whatever its heartbeats say; 1..=604,800 (a week).
    pub timeout_seconds: Option<i32>,
    /// Of an owner's jobs with the same key, one is live.
    pub job_key: Option<String>,
    /// Jobs that must have ended well before this one begins.
    pub depends_on: Vec<JobId>,
}

impl NewJob {
    /// A job for a whole document, with a new identifier, in the default queue, as soon as may be.
    pub fn new(document_id: DocumentId, version: i32, strategy: impl Into<String>) -> Self {
        Self {
            id: JobId::new(),
            document_id,
            version,
            strategy: strategy.into(),
            options: Map::new(),
            priority: 2,
            total_pages: None,
            created_by: None,
            queue: DEFAULT_QUEUE.to_owned(),
            max_attempts: MAX_ATTEMPTS,
            units: Units::Document,
            run_at: None,
            timeout_seconds: None,
            job_key: None,
            depends_on: Vec::new(),
        }
    }
}

/// What of a document a job works on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Units {
    /// Every page. Such jobs alone move the document's status.
    #[default]
    Document,
    /// These pages, each from 1.
    Pages(Vec<i32>),
    /// These zones.
    Zones(Vec<ZoneId>),
}

impl Units {
    /// The pages, where pages are named.
    pub fn page_numbers(&self) -> Option<&[i32]> {
        match self {
            Self::Pages(pages) => Some(pages),
            Self::Document | Self::Zones(_) => None,
        }
    }

    /// The zones, where zones are named.
    pub fn zone_ids(&self) -> Option<Vec<Uuid>> {
        match self {
            Self::Zones(zones) => Some(zones.iter().map(|zone| zone.0).collect()),
            Self::Document | Self::Pages(_) => None,
        }
    }
}

/// How one page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOutcome {
    /// Read; the number of its zones.
    Completed {
        /// Zones stored for the page.
        zone_count: i32,
    },
    /// Given up.
    Failed {
        /// What may be done about it.
        class: ErrorClass,
        /// Stable name of the reason.
        code: String,
        /// The reason in words.
        message: String,
    },
}

/// A page of a job.
#[derive(Debug, Clone)]
pub struct JobPage {
    /// From 1.
    pub page_number: i32,
    /// How it ended.
    pub outcome: PageOutcome,
    /// The attempt that ended it.
    pub attempt: i16,
    /// Milliseconds spent on it.
    pub duration_ms: Option<i32>,
    /// Milliseconds by stage.
    pub stages: Stages,
    /// The strategy that read it, where the job's own chooses for each page.
    pub strategy: Option<String>,
    /// Why that one.
    pub reason: Option<String>,
}

/// Milliseconds by stage of the work: `render`, `recognise`, `store`, ….
pub type Stages = std::collections::BTreeMap<String, i64>;

/// A zone that a job names.
#[derive(Debug, Clone)]
pub struct JobZone {
    /// The zone.
    pub zone_id: ZoneId,
    /// How it ended: nothing where it is done.
    pub failure: Option<UnitFailure>,
    /// The attempt that ended it.
    pub attempt: i16,
    /// Milliseconds spent on it.
    pub duration_ms: Option<i32>,
    /// Milliseconds by stage.
    pub stages: Stages,
}

/// Why a unit was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFailure {
    /// What may be done about it.
    pub class: ErrorClass,
    /// Stable name of the reason.
    pub code: String,
    /// The reason in words.
    pub message: String,
}

/// An attempt that ended.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// From 1.
    pub attempt: i16,
    /// The fence it held.
    pub lease_seq: i64,
    /// `completed`, `partially_completed`, `failed`, `retry`, `lease_lost`, `cancelled` or `released`.
    pub outcome: String,
    /// The worker.
    pub worker: Option<String>,
    /// When the worker took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Timestamp,
    /// What may be done about its failure.
    pub error_class: Option<String>,
    /// Stable name of its failure.
    pub error_code: Option<String>,
    /// Its failure in words.
    pub error_message: Option<String>,
    /// What it measured.
    pub metrics: Value,
}

/// One line of a job's history.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// Its identifier.
    pub id: Uuid,
    /// What happened: `enqueued`, `claimed`, `completed`, ….
    pub action: String,
    /// The status after it.
    pub status: Option<String>,
    /// Particulars.
    pub details: Option<Value>,
    /// The failure in words, where it was one.
    pub error_message: Option<String>,
    /// Milliseconds spent in the status before.
    pub duration_ms: Option<i32>,
    /// When.
    pub created_at: Option<Timestamp>,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only this status.
    pub status: Option<JobStatus>,
    /// Only of this document.
    pub document_id: Option<DocumentId>,
}
