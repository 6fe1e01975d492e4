//! Names of objects.

use colophon_domain::{DocumentId, ExportId, UserId};
use uuid::Uuid;

/// The name of an object to be written. ASCII, opaque, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The file of a version: `<owner>/<document>/<object>.pdf`. The database refuses a version whose key names
    /// another document.
    Version {
        /// Owner of the document.
        owner: UserId,
        /// The document.
        document: DocumentId,
        /// Made for this write alone.
        object: Uuid,
    },
    /// A file of an export: `<owner>/<document>/exports/<export>.<extension>`.
    Export {
        /// Owner of the document.
        owner: UserId,
        /// The document.
        document: DocumentId,
        /// The export.
        export: ExportId,
        /// `json`, ….
        extension: &'static str,
    },
    /// What is written to see whether the store takes objects, and deleted at once: `probes/<object>`.
    Probe {
        /// Made for this write alone.
        object: Uuid,
    },
}

impl Key {
    /// A key for a new file of a document.
    pub fn version(owner: UserId, document: DocumentId) -> Self {
        Self::Version { owner, document, object: Uuid::now_v7() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Version { owner, document, object } => write!(f, "{owner}/{document}/{object}.pdf"),
            Self::Export { owner, document, export, extension } => {
                write!(f, "{owner}/{document}/exports/{export}.{extension}")
            }
            Self::Probe { object } => write!(f, "probes/{object}"),
        }
    }
}
