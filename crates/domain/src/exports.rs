//! Exports of a document.

use jiff::Timestamp;
use serde_json::Value;

use crate::{DocumentId, ExportId};

/// A file of an export.
#[derive(Debug, Clone)]
pub struct ExportFile {
    /// Name within the export, `document.json`.
    pub name: String,
    /// The format it is in.
    pub format: String,
    /// Key of the object.
    pub storage_path: String,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub size_bytes: i64,
}

/// The record of an export.
#[derive(Debug, Clone)]
pub struct ExportRecord {
    /// The document.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: ExportId,
    /// `full` or `partial`.
    pub export_type: String,
    /// The formats asked for.
    pub formats: Vec<String>,
    /// Where it stands.
    pub status: String,
    /// Its files.
    pub files: Vec<ExportFile>,
    /// What was checked of them.
    pub validation_results: Option<Value>,
    /// What part of the document was asked for.
    pub selection: Option<Value>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Bytes of all files.
    pub file_size_bytes: Option<i64>,
    /// Who asked.
    pub created_by: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
}
