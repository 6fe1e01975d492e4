//! Errors of use cases, sorted by what the caller can do.

use colophon_domain::{Document, DocumentId, Duplicate, Invalid, JobId, ScheduleId, Usage, ZoneId};

use crate::corrections::Conflict;
use crate::delivery::RefusedItem;
use crate::jobs::RefusedJob;
use crate::metadata::Violation;

/// What went wrong with a use case.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The file is no PDF.
    #[error("the file is not a PDF: {reason}")]
    NotPdf {
        /// What it seems to be instead.
        reason: String,
    },
    /// The file is too large.
    #[error("the file is larger than {limit} bytes, the most that is taken")]
    TooLarge {
        /// The most that is taken.
        limit: u64,
    },
    /// The sender broke off.
    #[error("the upload broke off ({reason}); nothing was stored, send it again")]
    Interrupted {
        /// What happened.
        reason: String,
    },
    /// An idempotency key was used for something else before.
    #[error("the idempotency key was used for another request; use a new key for each new request")]
    KeyReused,
    /// It would be more than the owner may keep.
    #[error("{}", quota_exceeded(usage, *asked))]
    QuotaExceeded {
        /// What the owner has and may have.
        usage: Usage,
        /// Bytes that were to come, where that is known.
        asked: Option<u64>,
    },
    /// The owner has the same file already.
    #[error("document {} ({:?}, version {}{}) is the same file", .0.document_id, .0.filename, .0.version, in_trash(.0))]
    Duplicate(Duplicate),
    /// The document is in the trash.
    #[error("document {document} is in the trash; restore it first")]
    InTrash {
        /// The document.
        document: DocumentId,
    },
    /// Metadata are not as their owner's schema wants them.
    #[error("the metadata are not as the owner's schema wants them: {}", told(.violations))]
    MetadataInvalid {
        /// Each place; 50 at most.
        violations: Vec<Violation>,
    },
    /// A schema of metadata cannot be used.
    #[error("the metadata schema cannot be used: {reason}")]
    SchemaInvalid {
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else changed the document meanwhile.
    #[error("document {} is at revision {} meanwhile; look at both, and send the change again", theirs.id, theirs.revision)]
    Stale {
        /// The document as it stands.
        theirs: Box<Document>,
        /// The document as the change would have it.
        yours: Box<Document>,
    },
    /// Others changed the same of a zone meanwhile.
    #[error("{}", touched(.0))]
    ZoneConflict(Box<Conflict>),
    /// The platform would write over what a person said.
    #[error(
        "{fields} of zone {zone} are a person's word, which no tool writes over; send it in a person's name, or deliver a run"
    )]
    OfPeople {
        /// The zone.
        zone: ZoneId,
        /// The fields.
        fields: String,
    },
    /// The platform would say what only a person can.
    #[error("a correction is a person's word; send it with a person's token")]
    NoPerson,
    /// An edit builds on another one that was not made.
    #[error(
        "no edit was made under the key {key:?}, which this one builds on; look at the zone, and send it with a revision"
    )]
    NothingBefore {
        /// The key of the other one.
        key: String,
    },
    /// Zones cannot be taken, and so none was.
    #[error("{}", zones_refused(items))]
    ZonesRefused {
        /// Which ones, and why; 100 at most.
        items: Vec<RefusedItem>,
    },
    /// The document's file cannot be read, so no job can do anything with it.
    #[error("document {document} is {status}; no job can read it")]
    NotReadable {
        /// The document.
        document: DocumentId,
        /// Where it stands.
        status: String,
    },
    /// A live job that the caller may not see has the key.
    #[error(
        "a live job of the document's owner that this token may not see has the job_key {job_key:?}; ask with another key"
    )]
    JobKeyTaken {
        /// The key.
        job_key: String,
    },
    /// Some of the jobs that were asked for cannot be, and so none was made.
    #[error("{}", jobs_refused(items))]
    JobsRefused {
        /// Which ones, and why; 100 at most.
        items: Vec<RefusedJob>,
    },
    /// The job stands where this cannot be done with it.
    #[error("job {job} is {status}, and cannot be {asked}; {remedy}")]
    JobState {
        /// The job.
        job: JobId,
        /// Where it stands.
        status: String,
        /// What was asked for.
        asked: &'static str,
        /// What can be done instead.
        remedy: &'static str,
    },
    /// Whoever may only look at a document has nothing done with it.
    #[error("job {job} is steered by whoever may edit its document; ask its owner for that")]
    OnlyToBeSeen {
        /// The job.
        job: JobId,
    },
    /// Whoever may only look at a document changes none of its schedules.
    #[error("schedule {schedule} is changed by whoever may edit its document; ask its owner for that")]
    ScheduleOnlyToBeSeen {
        /// The schedule.
        schedule: ScheduleId,
    },
    /// A file of zones cannot be read to its end.
    #[error(transparent)]
    Import(#[from] colophon_formats::import::ImportError),
    /// The database failed, or refused.
    #[error(transparent)]
    Database(#[from] colophon_db::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] colophon_blobs::Error),
    /// The process that reads PDFs cannot be run.
    #[error(transparent)]
    Pdf(#[from] colophon_pdf::Error),
    /// The OCR is not installed, or cannot be run.
    #[error(transparent)]
    Ocr(#[from] colophon_ocr::Error),
}

fn touched(conflict: &Conflict) -> String {
    let Conflict { zone, fields, theirs, .. } = conflict;
    match theirs {
        Some(theirs) => format!(
            "zone {zone} is at revision {} meanwhile, and {} changed to something else; look at both, and send the edit again",
            theirs.revision,
            fields.join(", ")
        ),
        None => format!(
            "zone {zone} is gone meanwhile; look at the zones that are there, and send the edit again"
        ),
    }
}

fn zones_refused(items: &[RefusedItem]) -> String {
    let told = items.iter().take(3).map(|item| format!("item {}: {}", item.index, item.reason));
    let told = told.collect::<Vec<_>>().join("; ");
    let more = if items.len() > 3 { "; and more" } else { "" };
    format!("no zone was stored ({told}{more}); mend them, or say on_error=skip to store the others")
}

fn jobs_refused(items: &[RefusedJob]) -> String {
    let told = items.iter().take(3).map(|item| format!("item {}: {}", item.index, item.reason));
    let told = told.collect::<Vec<_>>().join("; ");
    let more = if items.len() > 3 { "; and more" } else { "" };
    format!("no job was made ({told}{more}); mend these items, or leave them out")
}

fn in_trash(duplicate: &Duplicate) -> &'static str {
    if duplicate.in_trash { ", in the trash" } else { "" }
}

fn told(violations: &[Violation]) -> String {
    let places = violations.iter().take(3).map(|v| format!("at {:?}: {}", v.pointer, v.reason));
    let told = places.collect::<Vec<_>>().join("; ");
    let more = violations.len().saturating_sub(3);
    if more > 0 { format!("{told}; and {more} more") } else { told }
}

fn quota_exceeded(usage: &Usage, asked: Option<u64>) -> String {
    let most =
        |limit: Option<i64>| limit.map_or_else(|| "any number of".to_owned(), |limit| limit.to_string());
    let asked = asked.map(|bytes| format!(", and this would be {bytes} bytes more")).unwrap_or_default();
    format!(
        "the quota is used up: {} of {} documents, {} of {} bytes{asked}; purge documents that are not needed (the trash \
         counts too), or have the quota raised",
        usage.documents,
        most(usage.max_documents),
        usage.bytes,
        most(usage.max_bytes)
    )
}
