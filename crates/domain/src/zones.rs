//! Zones: regions of a page and what stands in them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{DocumentId, Invalid, ZoneId};

/// How many zones of one page a strategy may number: a page's zones take `zone_index`
/// `(page_number − 1) × 10,000` and up, so that one page can be read again without renumbering the others.
pub const ZONES_PER_PAGE: i32 = 10_000;

/// A box in the canonical frame: PDF points, origin at the top left of the page as displayed, `x0 < x1`, `y0 < y1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coordinates {
    /// Left.
    pub x0: f64,
    /// Top.
    pub y0: f64,
    /// Right.
    pub x1: f64,
    /// Bottom.
    pub y1: f64,
}

impl Coordinates {
    /// Checks that the box is one: finite, `x0 < x1`, `y0 < y1`.
    ///
    /// # Errors
    /// Names the four numbers and the rule they break.
    pub fn checked(self) -> Result<Self, Invalid> {
        let Self { x0, y0, x1, y1 } = self;
        if ![x0, y0, x1, y1].iter().all(|v| v.is_finite()) {
            return Err(Invalid::new("coordinates", "every number must be finite"));
        }
        if x0 >= x1 || y0 >= y1 {
            return Err(Invalid::new(
                "coordinates",
                format!("x0 < x1 and y0 < y1 must hold; got x {x0}..{x1}, y {y0}..{y1}"),
            ));
        }
        Ok(self)
    }
}

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
    /// As stored: `x0`, `y0`, `x1`, `y1` in points from the top left, with optional `polygon` and `baseline`.
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
    /// Box in the canonical frame.
    pub coordinates: Coordinates,
    /// Text.
    pub content: Option<String>,
    /// 0..1; absent is unknown.
    pub confidence: Option<f64>,
    /// What the tool had to say beyond the columns.
    pub metadata: Map<String, Value>,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_none_is_refused_with_its_numbers() {
        let inverted = Coordinates { x0: 10.0, y0: 0.0, x1: 5.0, y1: 1.0 };
        assert!(inverted.checked().unwrap_err().reason.contains("10..5"));
        let not_finite = Coordinates { x0: f64::NAN, y0: 0.0, x1: 5.0, y1: 1.0 };
        assert!(not_finite.checked().unwrap_err().reason.contains("finite"));
        assert!(Coordinates { x0: 0.0, y0: 0.0, x1: 5.0, y1: 1.0 }.checked().is_ok());
    }
}
