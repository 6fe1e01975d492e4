//! Colophon's use cases: where two things must happen together.
//!
//! **Architecture invariant:** nothing here only passes through. A plain read goes from the edge to the repository.

mod announced;
pub mod corrections;
pub mod delivery;
pub mod edit;
mod error;
pub mod events;
pub mod export;
pub mod fsck;
pub mod history;
pub mod import_zones;
pub mod jobs;
pub mod metadata;
pub mod purge;
pub mod reading;
pub mod retention;
pub mod run;
pub mod schedules;
pub mod signed_urls;
pub mod sweep;
pub mod undo;
pub mod upload;
pub mod uploads;
pub mod workers;

pub use error::Error;
pub use metadata::MetadataSchemas;

use std::sync::Arc;
use std::time::Duration;

use colophon_blobs::Store;
use colophon_db::Database;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// What every use case needs.
#[derive(Debug, Clone)]
pub struct Platform {
    /// Rows.
    pub database: Database,
    /// Objects.
    pub store: Store,
    /// Signed URLs.
    pub signer: signed_urls::Signer,
    /// How to start the process that reads PDFs.
    pub pdf: colophon_pdf::Child,
    /// What that process may use.
    pub pdf_limits: colophon_pdf::Limits,
    /// How to start the OCR, which may not be installed.
    pub tesseract: colophon_ocr::Tesseract,
    /// How many uploads may be looked into at once; the others wait. Each takes a process of its own.
    pub inspections: Arc<Semaphore>,
    /// Compiled schemas of metadata.
    pub metadata_schemas: MetadataSchemas,
    /// Bytes a file may have.
    pub upload_limit: u64,
    /// How long a resumable upload without progress is kept.
    pub upload_expiry: Duration,
    /// The resumable uploads that this process writes.
    pub turns: uploads::Turns,
    /// Objects that are being given up; whoever closes the platform waits for them.
    pub cleanups: TaskTracker,
}

/// Bytes a file may have unless configured otherwise: 5 GiB, the most that S3 and Supabase Storage take in one piece.
pub const DEFAULT_UPLOAD_LIMIT: u64 = 5 << 30;
