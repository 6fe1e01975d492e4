//! A zone as a caller gives it, and the zone it becomes.

use colophon_domain::geometry::{Frame, OutsideThePage, Pages};
use colophon_domain::vocabularies::Vocabulary;
use colophon_domain::{Invalid, NewZone, Shape, ZoneId, ZoneStatus};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Bytes of text that a zone may have.
pub const MAX_CONTENT_BYTES: usize = 1 << 20;
/// Bytes of metadata, as JSON.
pub const MAX_METADATA_BYTES: usize = 64 << 10;

/// A zone in JSON. What `GET` answers may be sent back: columns that the platform keeps itself are left aside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenZone {
    id: Option<Uuid>,
    /// Place in the reading order; the next free one of the page where it is absent.
    pub zone_index: Option<i32>,
    page_number: i32,
    zone_type: Option<String>,
    label: Option<String>,
    coordinates: Option<Shape>,
    content: Option<String>,
    confidence: Option<f64>,
    status: Option<String>,
    external_id: Option<String>,
    parent_id: Option<Uuid>,
    parent_index: Option<i32>,
    language: Option<String>,
    metadata: Option<Map<String, Value>>,
    #[serde(rename = "document_id")]
    _document_id: Option<IgnoredAny>,
    #[serde(rename = "version")]
    _version: Option<IgnoredAny>,
    #[serde(rename = "revision")]
    _revision: Option<IgnoredAny>,
    #[serde(rename = "zones_revision")]
    _zones_revision: Option<IgnoredAny>,
    #[serde(rename = "created_at")]
    _created_at: Option<IgnoredAny>,
    #[serde(rename = "updated_at")]
    _updated_at: Option<IgnoredAny>,
    #[serde(rename = "created_by")]
    _created_by: Option<IgnoredAny>,
    #[serde(rename = "processing_tool")]
    _processing_tool: Option<IgnoredAny>,
    #[serde(rename = "processing_model")]
    _processing_model: Option<IgnoredAny>,
    #[serde(rename = "job_id")]
    _job_id: Option<IgnoredAny>,
    #[serde(rename = "source")]
    _source: Option<IgnoredAny>,
    #[serde(rename = "original")]
    _original: Option<IgnoredAny>,
}

/// How given zones are to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The frame of their coordinates.
    pub frame: Frame,
    /// The vocabulary of their types; the canon where there is none.
    pub vocabulary: Option<Vocabulary>,
    /// What to do with what lies outside its page.
    pub outside: OutsideThePage,
    /// The pages of the version.
    pub pages: Pages,
}

/// A zone that was read; what it does not say itself is for others to find.
#[derive(Debug, Clone)]
pub struct ReadZone {
    /// The zone; `zone_index` is 0 and the status `completed` where none was given.
    pub zone: NewZone,
    /// Whether it came with an identifier of its own.
    pub has_id: bool,
    /// Its place in the reading order, where it has one.
    pub zone_index: Option<i32>,
    /// Whether it came with a status.
    pub has_status: bool,
    /// The place in the reading order of the zone that it is a part of.
    pub parent_index: Option<i32>,
    /// Whether something was cut off at the edge of the page.
    pub clamped: bool,
}

/// Reads one zone.
///
/// # Errors
/// Says what is wrong with it, and how it should be.
pub fn read(json: &[u8], reading: &Reading) -> Result<ReadZone, Invalid> {
    let given: GivenZone = serde_json::from_slice(json).map_err(|e| Invalid::new("zone", e.to_string()))?;
    given.read(reading)
}

impl GivenZone {
    fn read(self, reading: &Reading) -> Result<ReadZone, Invalid> {
        let (zone_type, label) = self.named(reading.vocabulary)?;
        if self.zone_index.or(self.parent_index).is_some_and(|index| index < 0) {
            return Err(Invalid::new("zone_index", "places in the reading order begin with 0"));
        }
        if self.parent_id.is_some() && self.parent_index.is_some() {
            return Err(Invalid::new("parent_id", "and parent_index say the same; give one of them"));
        }
        if let Some(confidence) = self.confidence
            && !(0.0..=1.0).contains(&confidence)
        {
            return Err(Invalid::new("confidence", format!("{confidence} is not between 0 and 1")));
        }
        let status = self.status.as_deref().map(str::parse).transpose()?;
        let shape = self.coordinates.unwrap_or_default();
        let placed = shape.place(self.page_number, reading.frame, &reading.pages, reading.outside)?;
        let as_given = reading.frame == Frame::Points && !placed.clamped;
        let source = (!as_given && placed.coordinates.is_some())
            .then(|| json!({ "frame": reading.frame.to_string(), "coordinates": shape }));
        let metadata = self.metadata.unwrap_or_default();
        check_metadata(&metadata)?;
        let zone = NewZone {
            id: self.id.map_or_else(ZoneId::new, ZoneId),
            zone_index: self.zone_index.unwrap_or_default(),
            page_number: self.page_number,
            zone_type,
            coordinates: placed.coordinates,
            content: text("content", self.content, 0..=MAX_CONTENT_BYTES)?,
            confidence: self.confidence,
            status: status.unwrap_or(ZoneStatus::Completed),
            label: text("label", label, 1..=200)?,
            external_id: text("external_id", self.external_id, 1..=500)?,
            parent_id: self.parent_id.map(ZoneId),
            language: self.language.map(language).transpose()?,
            source,
            metadata,
        };
        Ok(ReadZone {
            zone,
            has_id: self.id.is_some(),
            zone_index: self.zone_index,
            has_status: status.is_some(),
            parent_index: self.parent_index,
            clamped: placed.clamped,
        })
    }

    /// The canonical type, and what the tool calls it.
    fn named(&self, vocabulary: Option<Vocabulary>) -> Result<(String, Option<String>), Invalid> {
        let (zone_type, label) = (self.zone_type.as_deref(), self.label.as_deref());
        let Some(name) = label.or(zone_type) else {
            return Err(Invalid::new("zone_type", "is missing; give a type, such as text, table or title"));
        };
        let named = match (vocabulary, zone_type) {
            (None, Some(zone_type)) => (zone_type, label),
            (None, None) => (colophon_domain::vocabularies::FALLBACK, label),
            // What it is called is known from the label; the type decides only what the vocabulary does not know.
            (Some(vocabulary), _) => {
                let mapped = vocabulary.map_or_fallback(name);
                let unknown = zone_type.filter(|_| label.is_some()).unwrap_or(mapped.zone_type);
                (if mapped.known { mapped.zone_type } else { unknown }, Some(name))
            }
        };
        let zone_type = text("zone_type", Some(named.0.to_owned()), 1..=50)?;
        Ok((zone_type.unwrap_or_default(), named.1.map(str::to_owned)))
    }
}

/// A text that can be stored: so many characters (bytes, of a long one), and no U+0000.
fn text(
    field: &'static str,
    text: Option<String>,
    length: std::ops::RangeInclusive<usize>,
) -> Result<Option<String>, Invalid> {
    let Some(text) = text else { return Ok(None) };
    let size = if field == "content" { text.len() } else { text.chars().count() };
    if !length.contains(&size) {
        let reason = format!("its length is {size}; {} to {} is what is taken", length.start(), length.end());
        return Err(Invalid::new(field, reason));
    }
    if text.contains('\0') {
        return Err(Invalid::new(field, "holds U+0000, which no stored text can"));
    }
    Ok(Some(text))
}

/// As the database checks it: a tag of BCP 47 by its form.
fn language(tag: String) -> Result<String, Invalid> {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    let letters = (2..=8).contains(&first.len()) && first.chars().all(|c| c.is_ascii_alphabetic());
    let fits = |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    if letters && parts.all(fits) && tag.len() <= 100 {
        Ok(tag)
    } else {
        Err(Invalid::new("language", format!("{tag:?} is no tag of BCP 47, such as de or en-GB")))
    }
}

pub(crate) fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Invalid> {
    if metadata.is_empty() {
        return Ok(());
    }
    let size = serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len());
    if size > MAX_METADATA_BYTES {
        let reason = format!("{size} bytes; {MAX_METADATA_BYTES} at most");
        return Err(Invalid::new("metadata", reason));
    }
    if metadata.iter().any(|(name, value)| name.contains('\0') || has_nul(value)) {
        return Err(Invalid::new("metadata", "holds U+0000, which no stored text can"));
    }
    Ok(())
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zone: &Value, reading: &Reading) -> Result<ReadZone, String> {
        super::read(zone.to_string().as_bytes(), reading).map_err(|e| e.to_string())
    }

    #[test]
    fn a_zone_is_read_with_what_it_says_and_no_more() {
        let zone = json!({"page_number": 1, "zone_type": "text", "coordinates": {"x0": 1, "y0": 2, "x1": 3, "y1": 4}});
        let read = read(&zone, &Reading::default()).unwrap();
        assert_eq!((read.zone_index, read.has_id, read.has_status), (None, false, false));
        assert_eq!((read.zone.source, read.zone.confidence), (None, None));
    }

    #[test]
    fn the_frame_and_the_numbers_it_came_with_are_kept() {
        let reading = Reading { frame: Frame::Pixels(144.0), ..Reading::default() };
        let zone = json!({"page_number": 1, "zone_type": "text", "coordinates": {"x0": 10, "y0": 20, "x1": 30, "y1": 40}});
        let zone = read(&zone, &reading).unwrap().zone;
        assert!((zone.coordinates.unwrap().bounding_box.x1 - 15.0).abs() < 1e-9);
        let given =
            json!({"frame": "px@144", "coordinates": {"x0": 10.0, "y0": 20.0, "x1": 30.0, "y1": 40.0}});
        assert_eq!(zone.source.unwrap(), given);
    }

    #[test]
    fn a_vocabulary_maps_the_type_and_keeps_the_label() {
        let reading = Reading { vocabulary: Some(Vocabulary::DocLayNet), ..Reading::default() };
        let named = |zone: Value| {
            let zone = read(&zone, &reading).unwrap().zone;
            (zone.zone_type, zone.label.unwrap())
        };
        let expected = |zone_type: &str, label: &str| (zone_type.to_owned(), label.to_owned());
        assert_eq!(
            named(json!({"page_number": 1, "zone_type": "Section-header"})),
            expected("section_header", "Section-header")
        );
        assert_eq!(named(json!({"page_number": 1, "label": "Stamp"})), expected("unspecified", "Stamp"));
        assert_eq!(
            named(json!({"page_number": 1, "label": "Stamp", "zone_type": "picture"})),
            expected("picture", "Stamp")
        );
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_its_field() {
        let long = "x".repeat(MAX_CONTENT_BYTES + 1);
        for (zone, reason) in [
            (json!({"zone_type": "text"}), "missing field `page_number`"),
            (json!({"page_number": 0, "zone_type": "text"}), "page_number"),
            (json!({"page_number": 1}), "zone_type"),
            (json!({"page_number": 1, "zone_type": ""}), "zone_type"),
            (json!({"page_number": 1, "zone_type": "text", "zone_index": -1}), "zone_index"),
            (json!({"page_number": 1, "zone_type": "text", "confidence": 1.5}), "confidence"),
            (json!({"page_number": 1, "zone_type": "text", "status": "fine"}), "status"),
            (json!({"page_number": 1, "zone_type": "text", "content": "a\u{0}b"}), "content: holds U+0000"),
            (json!({"page_number": 1, "zone_type": "text", "content": long}), "content"),
            (json!({"page_number": 1, "zone_type": "text", "metadata": {"a": ["\u{0}"]}}), "metadata"),
            (json!({"page_number": 1, "zone_type": "text", "language": "german language"}), "language"),
            (json!({"page_number": 1, "zone_type": "text", "txt": "a"}), "unknown field"),
            (json!([]), "zone:"),
        ] {
            let refused = read(&zone, &Reading::default()).unwrap_err();
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
