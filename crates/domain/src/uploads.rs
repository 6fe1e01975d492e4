//! Resumable uploads: files that come in several goes.

use jiff::Timestamp;
use serde_json::Value;

use crate::{DocumentId, JobId, UploadId};

/// An upload to be kept, begun in the store.
#[derive(Debug, Clone)]
pub struct NewUpload {
    /// Its identifier.
    pub id: UploadId,
    /// To whom the document will belong, or who adds a version to it.
    pub owner: String,
    /// The document that the object will belong to.
    pub document_id: DocumentId,
    /// Key of the object.
    pub storage_path: String,
    /// Bytes that will come in all.
    pub upload_length: i64,
    /// What the client says of the file, in its own words.
    pub upload_metadata: Option<String>,
    /// What was read in them.
    pub details: Value,
    /// How the store goes on.
    pub resumption: Value,
}

/// An upload as it stands now: open, finished (`version`) or refused (`refusal`).
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its identifier.
    pub id: UploadId,
    /// Whose it is.
    pub owner: String,
    /// The document that the object will belong to; once finished, the one that came of it.
    pub document_id: DocumentId,
    /// Key of the object.
    pub storage_path: String,
    /// Bytes in all.
    pub upload_length: i64,
    /// Bytes that are safe. All of them only once the document is stored.
    pub upload_offset: i64,
    /// What the client said of the file, in its own words.
    pub upload_metadata: Option<String>,
    /// What was read in them.
    pub details: Value,
    /// How the store goes on; of an open one.
    pub resumption: Option<Value>,
    /// The version that came of it; of a finished one.
    pub version: Option<i32>,
    /// The job that reads it, if one was asked for.
    pub job_id: Option<JobId>,
    /// The problem that ended it; of a refused one.
    pub refusal: Option<Value>,
    /// Until when it is kept.
    pub expires_at: Timestamp,
    /// Since when.
    pub created_at: Timestamp,
    /// Its time is over.
    pub expired: bool,
    /// For how long the lease on it lasts; negative where it has run out.
    pub leased_seconds: Option<f64>,
}
