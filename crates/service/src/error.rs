//! Errors of use cases, sorted by what the caller can do.

use colophon_domain::{DocumentId, Invalid};

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
    /// The document's file cannot be read, so no job can do anything with it.
    #[error("document {document} is {status}; no job can read it")]
    NotReadable {
        /// The document.
        document: DocumentId,
        /// Where it stands.
        status: String,
    },
    /// The database failed, or refused.
    #[error(transparent)]
    Database(#[from] colophon_db::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] colophon_blobs::Error),
    /// The process that reads PDFs cannot be run.
    #[error(transparent)]
    Pdf(#[from] colophon_pdf::Error),
}
