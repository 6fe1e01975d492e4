//! Documents and the versions of their file.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{DocumentId, FileName, Invalid, Tags};

/// Where a document stands. Stored as text and checked by `documents_status_check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentStatus {
    /// Stored; nothing was asked of it yet.
    Uploaded,
    /// A job waits for a worker.
    Queued,
    /// A worker reads it.
    Processing,
    /// Every page has been read.
    Processed,
    /// Some pages were read; `status_detail` says which were not.
    PartiallyProcessed,
    /// Encrypted, and no password is known. Stored all the same.
    PasswordRequired,
    /// A PDF that cannot be read; `status_detail` has the reason. Stored all the same.
    Damaged,
    /// Processing gave up; `status_detail` has the reason.
    Failed,
}

impl DocumentStatus {
    /// Every status, in the order of a document's life.
    pub const ALL: [Self; 8] = [
        Self::Uploaded,
        Self::Queued,
        Self::Processing,
        Self::Processed,
        Self::PartiallyProcessed,
        Self::PasswordRequired,
        Self::Damaged,
        Self::Failed,
    ];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploaded => "uploaded",
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Processed => "processed",
            Self::PartiallyProcessed => "partially_processed",
            Self::PasswordRequired => "password_required",
            Self::Damaged => "damaged",
            Self::Failed => "failed",
        }
    }

    /// Whether a job can read the file at all.
    pub const fn is_readable(self) -> bool {
        !matches!(self, Self::PasswordRequired | Self::Damaged)
    }
}

impl fmt::Display for DocumentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for DocumentStatus {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("status", format!("{text:?} is none of {known}"))
        })
    }
}

/// A document as it stands now.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its identifier.
    pub id: DocumentId,
    /// The name to show.
    pub filename: String,
    /// The name exactly as it was given.
    pub original_filename: String,
    /// Bytes of the current version's file.
    pub file_size_bytes: i64,
    /// Pages of the current version; absent where the file cannot be read.
    pub page_count: Option<i32>,
    /// `application/pdf`, or what another program wrote.
    pub mime_type: Option<String>,
    /// Key of the current version's object.
    pub storage_path: Option<String>,
    /// Where it stands.
    pub status: String,
    /// Why it stands there, where that needs saying.
    pub status_detail: Option<String>,
    /// Owner: the token's `sub`.
    pub uploaded_by: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When any of it last changed.
    pub updated_at: Timestamp,
    /// The caller's own JSON object.
    pub metadata: Value,
    /// What it is filed under.
    pub tags: Vec<String>,
    /// SHA-256 of the current version's file, 64 lower-case hexadecimal digits.
    pub sha256: Option<String>,
    /// Current version, from 1.
    pub version: i32,
    /// Raised by every edit, from 1.
    pub revision: i64,
    /// When it was put into the trash; absent where it is not there.
    pub deleted_at: Option<Timestamp>,
    /// Who put it there; absent where the platform did.
    pub deleted_by: Option<String>,
    /// Why it may not be deleted; absent where nothing forbids it.
    pub legal_hold: Option<String>,
}

/// A document to be stored, its object already written.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// Made before the object, since the object's key contains it.
    pub id: DocumentId,
    /// Name as given and as shown.
    pub filename: FileName,
    /// Owner.
    pub uploaded_by: String,
    /// The caller's own JSON object.
    pub metadata: Map<String, Value>,
    /// What it is filed under.
    pub tags: Tags,
    /// First status.
    pub status: DocumentStatus,
    /// Why, where that needs saying.
    pub status_detail: Option<String>,
    /// The first version's file.
    pub version: Version,
}

/// One file of a document and what the file says of itself. Never changed once stored.
#[derive(Debug, Clone)]
pub struct Version {
    /// From 1.
    pub version: i32,
    /// Key of the object.
    pub storage_path: String,
    /// SHA-256, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Bytes.
    pub file_size_bytes: i64,
    /// Media type.
    pub mime_type: String,
    /// The name exactly as it was given.
    pub original_filename: String,
    /// Pages; absent where the file cannot be read.
    pub page_count: Option<i32>,
    /// Title from the file's own metadata.
    pub title: Option<String>,
    /// Version of the PDF format the file claims, as `1.7`.
    pub pdf_version: Option<String>,
    /// Method of encryption, where the file is encrypted.
    pub encryption: Option<String>,
    /// The file's structure was broken and had to be rebuilt to read it.
    pub repaired: bool,
    /// What was noticed while reading.
    pub warnings: Vec<String>,
    /// Why it was made, in its maker's words.
    pub reason: Option<String>,
    /// Why the file cannot be read, where it cannot.
    pub status_detail: Option<String>,
    /// Who stored it.
    pub created_by: Option<String>,
    /// When; the database's clock. Absent before it is stored.
    pub created_at: Option<Timestamp>,
}

/// A document that has the same file already.
#[derive(Debug, Clone)]
pub struct Duplicate {
    /// The document.
    pub document_id: DocumentId,
    /// Its name.
    pub filename: String,
    /// Its version that has the file.
    pub version: i32,
    /// Whether the document is in the trash.
    pub in_trash: bool,
    /// Key of the object.
    pub storage_path: String,
    /// Bytes.
    pub file_size_bytes: i64,
}

/// What to do with a file that its owner has stored already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Another document, which uses the same object.
    #[default]
    Allow,
    /// Refuse, and name the document that has it.
    Reject,
    /// Answer with the document that has it.
    Link,
}

impl std::str::FromStr for OnDuplicate {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "allow" => Ok(Self::Allow),
            "reject" => Ok(Self::Reject),
            "link" => Ok(Self::Link),
            _ => Err(Invalid::new("on_duplicate", format!("{text:?} is none of allow, reject, link"))),
        }
    }
}

/// What people change of a document; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct DocumentPatch {
    /// A new name to show.
    pub filename: Option<FileName>,
    /// The whole new metadata.
    pub metadata: Option<Map<String, Value>>,
    /// All tags from now on.
    pub tags: Option<Tags>,
}
