//! Zones: regions of a page and what stands in them.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{Coordinates, DocumentId, Invalid, JobId, ZoneId};

/// How many zones of one page a strategy may number: a page's zones take `zone_index`
/// `(page_number − 1) × 10,000` and up, so that one page can be read again without renumbering the others.
pub const ZONES_PER_PAGE: i32 = 10_000;

/// A zone as it stands now.
#[derive(Debug, Clone)]
pub struct Zone {
    /// The document it belongs to.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: ZoneId,
    /// Place in the reading order of the document; unique within it, with gaps.
    pub zone_index: i32,
    /// Page, from 1.
    pub page_number: i32,
    /// Label of the canonical vocabulary (DocLayNet ∪ docling): `text`, `title`, `section_header`, ….
    pub zone_type: String,
    /// As stored ([`Coordinates`] as JSON): `x0`, `y0`, `x1`, `y1` in points from the top left, with optional `polygon`,
    /// `baseline`, `rotation` and `regions`; an empty object where the zone has no place on its page.
    pub coordinates: Value,
    /// Text.
    pub content: Option<String>,
    /// 0..1; absent is unknown.
    pub confidence: Option<f64>,
    /// The tool that found it.
    pub processing_tool: Option<String>,
    /// Where it stands.
    pub status: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When any of it last changed.
    pub updated_at: Timestamp,
    /// What the tool had to say beyond the columns.
    pub metadata: Value,
    /// Version of the document that it was found on.
    pub version: i32,
    /// Raised by every edit, from 1.
    pub revision: i64,
    /// The revision of the document's zones at which this zone became what it is; 0 is before the history began.
    pub zones_revision: i64,
    /// What the tool called it, where that is not the canonical label.
    pub label: Option<String>,
    /// Its identifier in the file or program that it came from.
    pub external_id: Option<String>,
    /// The zone that it is a part of.
    pub parent_id: Option<ZoneId>,
    /// Language of the text, a BCP 47 tag.
    pub language: Option<String>,
    /// The model that the tool used.
    pub processing_model: Option<String>,
    /// The job that found it.
    pub job_id: Option<JobId>,
    /// As it was delivered: the frame and the raw numbers, where they differ from `coordinates`.
    pub source: Option<Value>,
    /// What the tool says of each field that a person changed (`content`, `zone_type`, `coordinates`, `status`); absent
    /// where no person changed any. The zone's own fields are the person's.
    pub original: Option<Value>,
    /// The person who drew the zone; absent where a tool found it.
    pub created_by: Option<String>,
}

/// A zone to be stored.
#[derive(Debug, Clone)]
pub struct NewZone {
    /// Made before the insert.
    pub id: ZoneId,
    /// Place in the reading order.
    pub zone_index: i32,
    /// Page, from 1.
    pub page_number: i32,
    /// Label of the canonical vocabulary.
    pub zone_type: String,
    /// Where it stands in the canonical frame; absent where it has no place on its page.
    pub coordinates: Option<Coordinates>,
    /// Text.
    pub content: Option<String>,
    /// 0..1; absent is unknown.
    pub confidence: Option<f64>,
    /// Where it stands: a finding of a tool is `completed`.
    pub status: ZoneStatus,
    /// What the tool calls it, where that is not the canonical label.
    pub label: Option<String>,
    /// Its identifier in the file or program that it comes from.
    pub external_id: Option<String>,
    /// The zone that it is a part of, of the same document and version.
    pub parent_id: Option<ZoneId>,
    /// Language of the text, a BCP 47 tag.
    pub language: Option<String>,
    /// As it was delivered: the frame and the raw numbers, where they differ from `coordinates`.
    pub source: Option<Value>,
    /// What the tool had to say beyond the columns.
    pub metadata: Map<String, Value>,
}

/// Where a zone stands. The transitions are enforced by the database too (`colophon.zone_transitions()`); a test
/// compares the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ZoneStatus {
    /// Known, and nothing read yet.
    Pending,
    /// A tool is at it.
    Processing,
    /// A tool has read it.
    Completed,
    /// No tool could read it.
    Failed,
    /// A person says that it is right.
    Verified,
}

impl ZoneStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Processing, Self::Completed, Self::Failed, Self::Verified];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Verified => "verified",
        }
    }

    /// Where a zone may go from here. What a person verified goes nowhere before the verdict is taken back.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Pending => &[Self::Processing, Self::Completed, Self::Failed, Self::Verified],
            Self::Processing => &[Self::Completed, Self::Failed, Self::Pending],
            Self::Completed => &[Self::Verified, Self::Processing, Self::Pending, Self::Failed],
            Self::Failed => &[Self::Pending, Self::Processing, Self::Completed],
            Self::Verified => &[Self::Completed],
        }
    }
}

impl std::fmt::Display for ZoneStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ZoneStatus {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|status| status.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("status", format!("must be one of {names}; got {name:?}"))
        })
    }
}

/// Which zones of a document to list.
#[derive(Debug, Clone, Default)]
pub struct ZoneFilter {
    /// This version; the current one where none is named.
    pub version: Option<i32>,
    /// Only this page.
    pub page_number: Option<i32>,
    /// Only this label.
    pub zone_type: Option<String>,
    /// Only this status.
    pub status: Option<String>,
    /// Only what its tool is at least so sure of.
    pub min_confidence: Option<f64>,
    /// Only what its tool is at most so sure of.
    pub max_confidence: Option<f64>,
    /// Only what this tool found.
    pub processing_tool: Option<String>,
    /// Only parts of this zone.
    pub parent_id: Option<ZoneId>,
}

/// A zone whose text fits a search.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// The document.
    pub document_id: DocumentId,
    /// Its name.
    pub filename: String,
    /// The zone.
    pub zone_id: ZoneId,
    /// Page, from 1.
    pub page_number: i32,
    /// Place in the reading order.
    pub zone_index: i32,
    /// Label.
    pub zone_type: String,
    /// Box as stored.
    pub coordinates: Value,
    /// Parts of the text, with the words found between « and ».
    pub excerpt: String,
    /// The greater the better; comparable within one search only.
    pub rank: f32,
    /// Language of the text, by whose stems it was found; absent: word by word.
    pub language: Option<String>,
}

/// Where to search.
#[derive(Debug, Clone, Default)]
pub struct SearchFilter {
    /// Only text of this language, a BCP 47 tag: `de` is `de-CH`, too.
    pub language: Option<String>,
    /// Only this document.
    pub document_id: Option<DocumentId>,
    /// Only this page.
    pub page_number: Option<i32>,
}

impl SearchFilter {
    /// Checks the language.
    ///
    /// # Errors
    /// It is no BCP 47 tag.
    pub fn checked(self) -> Result<Self, Invalid> {
        let is_tag = |tag: &str| {
            let mut parts = tag.split('-');
            let first = parts.next().unwrap_or_default();
            (2..=8).contains(&first.len())
                && first.bytes().all(|b| b.is_ascii_alphabetic())
                && parts.all(|part| {
                    (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
                })
        };
        match &self.language {
            Some(tag) if !is_tag(tag) => Err(Invalid::new(
                "language",
                format!("must be a BCP 47 tag such as de or pt-BR; got {tag:?}"),
            )),
            _ => Ok(self),
        }
    }
}
