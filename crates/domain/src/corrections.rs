//! Corrections: what people say of zones, and how it is laid over what others said meanwhile.

mod merge;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

pub use merge::merge;

use crate::geometry::{Frame, OutsideThePage, Pages, Shape};
use crate::{DocumentId, Invalid, Zone, ZoneId, ZoneStatus};

/// How many parts a zone is split into at most, and how many zones are merged into one.
pub const PARTS_MAX: usize = 1_000;
/// The longest reason, in characters.
const REASON_MAX_CHARS: usize = 1_000;

/// What kind of correction it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CorrectionType {
    /// The text.
    Text,
    /// The label.
    Type,
    /// Where it stands.
    Geometry,
    /// It is right as it is.
    Accept,
    /// A zone that no tool found.
    Create,
    /// A zone that is none.
    Delete,
    /// One zone that is several.
    Split,
    /// Several zones that are one.
    Merge,
}

impl CorrectionType {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Type,
        Self::Geometry,
        Self::Accept,
        Self::Create,
        Self::Delete,
        Self::Split,
        Self::Merge,
    ];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Type => "type",
            Self::Geometry => "geometry",
            Self::Accept => "accept",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Split => "split",
            Self::Merge => "merge",
        }
    }
}

impl std::str::FromStr for CorrectionType {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("correction_type", format!("must be one of {names}; got {name:?}"))
        })
    }
}

/// A correction as it is on record. It is never changed, and outlives its zone.
#[derive(Debug, Clone)]
pub struct Correction {
    /// The document.
    pub document_id: DocumentId,
    /// Its identifier.
    pub id: Uuid,
    /// The zone; of a merge the one that came of it.
    pub zone_id: ZoneId,
    /// The kind; programs written against the original tables may say anything.
    pub correction_type: Option<String>,
    /// The text before.
    pub original_content: Option<String>,
    /// The text after.
    pub corrected_content: Option<String>,
    /// How sure the tool had been.
    pub confidence_before: Option<f64>,
    /// How sure one is now.
    pub confidence_after: Option<f64>,
    /// Who.
    pub corrected_by: Option<String>,
    /// When.
    pub created_at: Option<Timestamp>,
    /// The change of the document's zones that it is a part of.
    pub zones_revision: Option<i64>,
    /// The fields that changed, or the whole zone where it went, as they were; an array of zones for a merge.
    pub before: Option<Value>,
    /// As they are now; an array of zones for a split.
    pub after: Option<Value>,
    /// The zones that a split made, or that a merge took.
    pub zone_ids: Vec<ZoneId>,
    /// Page of the zone, from 1.
    pub page_number: Option<i32>,
    /// Label of the zone before.
    pub zone_type: Option<String>,
    /// The tool that had found the zone.
    pub processing_tool: Option<String>,
    /// The model that the tool had used.
    pub processing_model: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A split or a merge, to be recorded beside the change that makes it; the database records the other kinds by itself.
#[derive(Debug, Clone)]
pub struct NewCorrection<'a> {
    /// Which of the two.
    pub correction_type: CorrectionType,
    /// The zone that was split, or the one that a merge made.
    pub zone_id: ZoneId,
    /// The change that it is a part of.
    pub zones_revision: i64,
    /// The zones that went.
    pub took: &'a [ZoneId],
    /// The zones that came.
    pub made: &'a [ZoneId],
    /// Why.
    pub reason: Option<&'a str>,
}

/// Which corrections of a document to list.
#[derive(Debug, Clone, Default)]
pub struct CorrectionFilter {
    /// Only of this zone: also a split or a merge that it took part in.
    pub zone_id: Option<ZoneId>,
    /// Only this person's.
    pub corrected_by: Option<String>,
    /// Only this kind.
    pub correction_type: Option<CorrectionType>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
}

/// What of a zone may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ZoneField {
    /// Text.
    Content,
    /// Label.
    ZoneType,
    /// Shape and place.
    Coordinates,
    /// Where it stands.
    Status,
    /// Language of the text.
    Language,
    /// The tool's own label.
    Label,
    /// What is kept beside the columns: changed by a merge patch.
    Metadata,
    /// The zone that it is a part of.
    ParentId,
    /// Place in the reading order.
    ZoneIndex,
}

impl ZoneField {
    /// Every field.
    pub const ALL: [Self; 9] = [
        Self::Content,
        Self::ZoneType,
        Self::Coordinates,
        Self::Status,
        Self::Language,
        Self::Label,
        Self::Metadata,
        Self::ParentId,
        Self::ZoneIndex,
    ];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::ZoneType => "zone_type",
            Self::Coordinates => "coordinates",
            Self::Status => "status",
            Self::Language => "language",
            Self::Label => "label",
            Self::Metadata => "metadata",
            Self::ParentId => "parent_id",
            Self::ZoneIndex => "zone_index",
        }
    }

    /// What a zone has there.
    pub fn of(self, zone: &Zone) -> Value {
        match self {
            Self::Content => zone.content.clone().into(),
            Self::ZoneType => zone.zone_type.clone().into(),
            Self::Coordinates => zone.coordinates.clone(),
            Self::Status => zone.status.clone().into(),
            Self::Language => zone.language.clone().into(),
            Self::Label => zone.label.clone().into(),
            Self::Metadata => zone.metadata.clone(),
            Self::ParentId => zone.parent_id.map(|id| id.to_string()).into(),
            Self::ZoneIndex => zone.zone_index.into(),
        }
    }

    /// Whether a person's word on it stands over what tools say.
    pub const fn is_of_people(self) -> bool {
        matches!(self, Self::Content | Self::ZoneType | Self::Coordinates | Self::Status)
    }
}

impl std::str::FromStr for ZoneField {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|field| field.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("zone", format!("{name:?} cannot be changed; {names} can"))
        })
    }
}

/// What to change of a zone: checked values by field. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZonePatch(BTreeMap<ZoneField, Value>);

impl ZonePatch {
    /// Sets a field, as JSON has it.
    ///
    /// # Errors
    /// The value cannot stand there.
    pub fn set(&mut self, field: ZoneField, value: Value) -> Result<(), Invalid> {
        self.0.insert(field, checked(field, value)?);
        Ok(())
    }

    /// The same with the place, as it was given in the numbers of a frame, in the canonical one, for a zone of this page.
    ///
    /// # Errors
    /// It is no place on that page.
    pub fn placed(&self, page_number: i32, frame: Frame, pages: &Pages) -> Result<Self, Invalid> {
        let mut placed = self.clone();
        if let Some(given) = self.get(ZoneField::Coordinates) {
            let refuse = |error: serde_json::Error| Invalid::new("coordinates", error.to_string());
            let shape: Shape = serde_json::from_value(given.clone()).map_err(refuse)?;
            let canonical = shape.place(page_number, frame, pages, OutsideThePage::Refuse)?.coordinates;
            let canonical = canonical.map_or_else(|| Ok(Value::Object(Map::new())), serde_json::to_value);
            placed.0.insert(ZoneField::Coordinates, canonical.map_err(refuse)?);
        }
        Ok(placed)
    }

    /// What it would have a field be; of metadata, the merge patch.
    pub fn get(&self, field: ZoneField) -> Option<&Value> {
        self.0.get(&field)
    }

    /// Its fields.
    pub fn fields(&self) -> impl Iterator<Item = ZoneField> + '_ {
        self.0.keys().copied()
    }

    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As JSON, by the names of the columns.
    pub fn to_json(&self) -> Value {
        Value::Object(
            self.0.iter().map(|(field, value)| (field.as_str().to_owned(), value.clone())).collect(),
        )
    }

    /// A field of the zone as it would be: metadata are merged, the rest replaced.
    fn applied(&self, field: ZoneField, zone: &Zone) -> Value {
        match (field, self.get(field)) {
            (ZoneField::Metadata, Some(Value::Object(patch))) => {
                let mut metadata = zone.metadata.as_object().cloned().unwrap_or_default();
                crate::metadata::merge_patch(&mut metadata, patch.clone());
                Value::Object(metadata)
            }
            (_, Some(value)) => value.clone(),
            (field, None) => field.of(zone),
        }
    }

    /// Every field that it names, as a zone would have it.
    pub fn yours(&self, zone: Option<&Zone>) -> Map<String, Value> {
        let of = |field: ZoneField| match (zone, self.get(field)) {
            (Some(zone), _) => self.applied(field, zone),
            (None, value) => value.cloned().unwrap_or_default(),
        };
        self.fields().map(|field| (field.as_str().to_owned(), of(field))).collect()
    }
}

/// Checks and normalises what is to stand in a field.
fn checked(field: ZoneField, value: Value) -> Result<Value, Invalid> {
    let name = field.as_str();
    let refuse = |rule: &str| Err(Invalid::new(name, rule));
    match (field, value) {
        (ZoneField::Content | ZoneField::Language | ZoneField::Label | ZoneField::ParentId, Value::Null) => {
            Ok(Value::Null)
        }
        (ZoneField::Content, Value::String(text)) if !text.contains('\0') => Ok(text.into()),
        (ZoneField::Content, _) => refuse("must be a text without U+0000, or null"),
        (ZoneField::ZoneType, Value::String(text)) if is_short(&text, 50) => Ok(text.into()),
        (ZoneField::ZoneType, _) => refuse("must be a text of 1 to 50 characters"),
        (ZoneField::Coordinates, Value::Null) => Ok(Value::Object(Map::new())),
        (ZoneField::Coordinates, Value::Object(shape)) if shape.is_empty() => Ok(Value::Object(shape)),
        (ZoneField::Coordinates, shape @ Value::Object(_)) => {
            match serde_json::from_value::<Shape>(shape.clone()) {
                Ok(_) => Ok(shape),
                Err(error) => Err(Invalid::new(name, error.to_string())),
            }
        }
        (ZoneField::Coordinates, _) => {
            refuse("must be an object with x0, y0, x1 and y1, or null for no place")
        }
        (ZoneField::Status, Value::String(text)) => Ok(text.parse::<ZoneStatus>()?.as_str().into()),
        (ZoneField::Status, _) => refuse("must be a text"),
        (ZoneField::Language, Value::String(text)) if is_language(&text) => Ok(text.into()),
        (ZoneField::Language, _) => refuse("must be a BCP 47 tag such as de or pt-BR, or null"),
        (ZoneField::Label, Value::String(text)) if is_short(&text, 200) => Ok(text.into()),
        (ZoneField::Label, _) => refuse("must be a text of 1 to 200 characters, or null"),
        (ZoneField::Metadata, Value::Object(patch)) => {
            crate::metadata::check(&patch)?;
            Ok(Value::Object(patch))
        }
        (ZoneField::Metadata, _) => refuse("must be a JSON object, a merge patch: null takes a key away"),
        (ZoneField::ParentId, Value::String(text)) => match text.parse::<ZoneId>() {
            Ok(id) => Ok(id.to_string().into()),
            Err(_) => refuse("must be the identifier of a zone, or null"),
        },
        (ZoneField::ParentId, _) => refuse("must be the identifier of a zone, or null"),
        (ZoneField::ZoneIndex, Value::Number(index)) => {
            match index.as_i64().and_then(|index| i32::try_from(index).ok()).filter(|index| *index >= 0) {
                Some(index) => Ok(index.into()),
                None => refuse("must be a whole number from 0 to 2147483647"),
            }
        }
        (ZoneField::ZoneIndex, _) => refuse("must be a whole number from 0 to 2147483647"),
    }
}

fn is_short(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count()) && !text.contains('\0')
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let letters = |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic());
    let rest = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    parts.next().is_some_and(letters) && parts.all(rest)
}

/// Why something is corrected.
///
/// # Errors
/// It is empty, too long, or holds U+0000.
pub fn checked_reason(reason: String) -> Result<String, Invalid> {
    if is_short(&reason, REASON_MAX_CHARS) {
        return Ok(reason);
    }
    Err(Invalid::new("reason", format!("must have 1 to {REASON_MAX_CHARS} characters, and no U+0000")))
}

/// One of the zones that a zone is split into, or the one that several become. What is absent comes from what was there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZonePart(pub ZonePatch);

/// What a person does to a zone.
#[derive(Debug, Clone, PartialEq)]
pub enum ZoneEdit {
    /// Fields are changed.
    Change(ZonePatch),
    /// It goes; its parts go to the zone that it was a part of.
    Delete,
    /// Several take its place, in this order.
    Split(Vec<ZonePart>),
    /// It and these become one.
    Merge {
        /// The others, with the revision that was seen of each, where one was.
        others: BTreeMap<ZoneId, Option<i64>>,
        /// What is not to come from them.
        into: ZonePart,
    },
}

impl ZoneEdit {
    /// The same with every place in the canonical frame, for a zone of this page.
    ///
    /// # Errors
    /// One is no place on that page.
    pub fn placed(&self, page_number: i32, frame: Frame, pages: &Pages) -> Result<Self, Invalid> {
        let place = |part: &ZonePart| part.0.placed(page_number, frame, pages).map(ZonePart);
        Ok(match self {
            Self::Change(patch) => Self::Change(patch.placed(page_number, frame, pages)?),
            Self::Delete => Self::Delete,
            Self::Split(parts) => Self::Split(parts.iter().map(place).collect::<Result<_, _>>()?),
            Self::Merge { others, into } => Self::Merge { others: others.clone(), into: place(into)? },
        })
    }

    /// Whether it says where something stands.
    pub fn has_place(&self) -> bool {
        let has = |patch: &ZonePatch| patch.get(ZoneField::Coordinates).is_some();
        match self {
            Self::Change(patch) => has(patch),
            Self::Delete => false,
            Self::Split(parts) => parts.iter().any(|part| has(&part.0)),
            Self::Merge { into, .. } => has(&into.0),
        }
    }

    /// As JSON: the same for the same edit.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Change(patch) => serde_json::json!({ "change": patch.to_json() }),
            Self::Delete => serde_json::json!({ "delete": true }),
            Self::Split(parts) => {
                let parts: Vec<Value> = parts.iter().map(|part| part.0.to_json()).collect();
                serde_json::json!({ "split": parts })
            }
            Self::Merge { others, into } => {
                let others: BTreeMap<String, Option<i64>> =
                    others.iter().map(|(id, revision)| (id.to_string(), *revision)).collect();
                serde_json::json!({ "merge": others, "into": into.0.to_json() })
            }
        }
    }
}
