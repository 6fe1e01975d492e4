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
    /// Whether it is undone, and its undoing is not undone itself.
    pub undone: bool,
}

/// Which changes of a document to list.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// Only of this run.
    pub job_id: Option<JobId>,
    /// Only in this person's name.
    pub changed_by: Option<String>,
    /// Only of this kind.
    pub kind: Option<ChangeKind>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
}

/// A point in the history of a document's zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// After this change; 0 is before the first.
    Revision(i64),
    /// With what had been begun at this time.
    Time(Timestamp),
}

impl std::str::FromStr for AsOf {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = text.parse().ok().filter(|revision| *revision >= 0).map(Self::Revision);
        number.or_else(|| text.parse().ok().map(Self::Time)).ok_or_else(|| {
            let reason =
                format!("must be a revision (0, 1, 2, …) or a time as RFC 3339 writes it; got {text:?}");
            Invalid::new("as_of", reason)
        })
    }
}

/// Where a point in the history lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The newest revision there was.
    pub revision: i64,
    /// The version of the document that was the current one.
    pub version: i32,
    /// The newest revision there is now.
    pub newest: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_in_the_history_is_a_revision_or_a_time() {
        assert_eq!("12".parse::<AsOf>().unwrap(), AsOf::Revision(12));
        let time = "2026-11-22T10:00:00Z";
        assert_eq!(time.parse::<AsOf>().unwrap(), AsOf::Time(time.parse().unwrap()));
        for nonsense in ["", "-1", "1.5", "yesterday", "2026-11-22", "99999999999999999999"] {
            assert_eq!(nonsense.parse::<AsOf>().unwrap_err().field, "as_of", "{nonsense:?}");
        }
    }
}
