//! Changes: what one transaction does to the zones of a document, on record and undoable.

use jiff::Timestamp;

use crate::{DocumentId, Invalid, JobId};

/// What kind of change it is; it decides whose word the writes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Somebody changed zones. A person's edit is theirs: it stands over what tools say.
    Edit,
    /// A tool's findings, whoever delivers them.
    Run,
    /// Zones came from a file.
    Import,
    /// A person settled what a run left open.
    Resolve,
    /// Earlier changes were undone.
    Undo,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Edit, Self::Run, Self::Import, Self::Resolve, Self::Undo];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Run => "run",
            Self::Import => "import",
            Self::Resolve => "resolve",
            Self::Undo => "undo",
        }
    }
}

impl std::str::FromStr for ChangeKind {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("kind", format!("must be one of {names}; got {name:?}"))
        })
    }
}

/// A change to be opened.
#[derive(Debug, Clone)]
pub struct NewChange {
    /// What kind it is.
    pub kind: ChangeKind,
    /// Why, in its maker's words: 1 to 1,000 characters.
    pub reason: Option<String>,
    /// The run.
    pub job_id: Option<JobId>,
    /// The tool whose findings they are.
    pub processing_tool: Option<String>,
    /// The model that the tool used.
    pub processing_model: Option<String>,
    /// The revisions that are undone.
    pub undoes: Vec<i64>,
}

impl NewChange {
    /// A change of this kind, without more to say of it.
    pub fn of(kind: ChangeKind) -> Self {
        Self {
            kind,
            reason: None,
            job_id: None,
            processing_tool: None,
            processing_model: None,
            undoes: Vec::new(),
        }
    }
}

/// A change as it is on record.
#[derive(Debug, Clone)]
pub struct Change {
    /// The document.
    pub document_id: DocumentId,
    /// Its number within the document, from 1, in the order of commits.
    pub revision: i64,
    /// What kind it is.
    pub kind: String,
    /// The document's current version when it was made.
    pub version: i32,
    /// The person in whose name it was made; absent is the platform.
    pub changed_by: Option<String>,
    /// The run.
    pub job_id: Option<JobId>,
    /// The tool whose findings they are.
    pub processing_tool: Option<String>,
    /// The model that the tool used.
    pub processing_model: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The revisions that it undid.
    pub undoes: Vec<i64>,
    /// When.
    pub created_at: Timestamp,
}
