//! How corrections came through runs, and what of it waits for a person.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

pub use crate::anchor::rebase::Outcome;
use crate::{DocumentId, Invalid, ZoneId};

/// How a correction came through a run.
#[derive(Debug, Clone)]
pub struct CorrectionOutcome {
    /// The document.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: Uuid,
    /// The correction; absent for a person's work from before corrections were on record.
    pub correction_id: Option<Uuid>,
    /// The zone that was corrected; it may be gone by now.
    pub zone_id: ZoneId,
    /// The run's change.
    pub revision: i64,
    /// What became of it: a name of [`Outcome`].
    pub outcome: String,
    /// Every zone that stayed where the candidates would stand.
    pub zone_ids: Vec<ZoneId>,
    /// The run's zones that were not stored.
    pub candidates: Value,
    /// Of a conflict: the fields as the tool had them before.
    pub base: Option<Value>,
    /// As the run has them.
    pub theirs: Option<Value>,
    /// As the person has them.
    pub yours: Option<Value>,
    /// When the run came.
    pub created_at: Timestamp,
    /// When it was settled.
    pub resolved_at: Option<Timestamp>,
    /// By whom; absent where the platform did.
    pub resolved_by: Option<String>,
    /// How: `yours`, `theirs`, `candidates`, or `superseded` by a later run.
    pub resolution: Option<String>,
}

/// An outcome to be stored.
#[derive(Debug, Clone)]
pub struct NewCorrectionOutcome {
    /// Made before the insert.
    pub id: Uuid,
    /// The correction, if it is on record.
    pub correction_id: Option<Uuid>,
    /// The zone.
    pub zone_id: ZoneId,
    /// What became of it.
    pub outcome: Outcome,
    /// Every zone that stayed where the candidates would stand.
    pub zone_ids: Vec<ZoneId>,
    /// The run's zones that were not stored: an array of zones.
    pub candidates: Value,
    /// Of a conflict: the tool's fields before.
    pub base: Option<Value>,
    /// The run's.
    pub theirs: Option<Value>,
    /// The person's.
    pub yours: Option<Value>,
}

/// Which outcomes to list.
#[derive(Debug, Clone, Default)]
pub struct OutcomeFilter {
    /// Only this one.
    pub outcome: Option<Outcome>,
    /// Only what waits for a person (`true`) or does not (`false`).
    pub open: Option<bool>,
    /// Only of this zone.
    pub zone_id: Option<ZoneId>,
    /// Only of this run's change.
    pub revision: Option<i64>,
}

/// Whose side a person takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// What people made of it.
    Yours,
    /// What the run says.
    Theirs,
    /// The run's zones in the place of those that stayed.
    Candidates,
}

impl Keep {
    /// Every side.
    pub const ALL: [Self; 3] = [Self::Yours, Self::Theirs, Self::Candidates];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yours => "yours",
            Self::Theirs => "theirs",
            Self::Candidates => "candidates",
        }
    }
}

impl std::str::FromStr for Keep {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|keep| keep.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("keep", format!("must be one of {names}; got {name:?}"))
        })
    }
}
