//! Where a zone stands: its box in the canonical frame, and what else is known of its shape.
//!
//! The canonical frame: PDF points (1/72 inch), origin at the top left of the page as displayed (CropBox, after
//! `/Rotate`, UserUnit applied), y downwards.

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// A point of the canonical frame: `[x, y]`.
pub type Point = [f64; 2];

/// A box in the canonical frame: `x0 < x1`, `y0 < y1`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoundingBox {
    /// Left.
    pub x0: f64,
    /// Top.
    pub y0: f64,
    /// Right.
    pub x1: f64,
    /// Bottom.
    pub y1: f64,
}

impl BoundingBox {
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

    /// The smallest box around the points; `None` where there are none.
    pub fn around(points: &[Point]) -> Option<Self> {
        let (first, rest) = points.split_first()?;
        let start = Self { x0: first[0], y0: first[1], x1: first[0], y1: first[1] };
        Some(rest.iter().fold(start, |b, [x, y]| Self {
            x0: b.x0.min(*x),
            y0: b.y0.min(*y),
            x1: b.x1.max(*x),
            y1: b.y1.max(*y),
        }))
    }
}

/// The shape of a zone on its page, and its further regions. Stored and sent as one JSON object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coordinates {
    /// The box around the zone's region on its page.
    #[serde(flatten)]
    pub bounding_box: BoundingBox,
    /// The outline, closed, three points at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Vec<Point>>,
    /// The line the writing stands on, two points at least, in the direction of reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Vec<Point>>,
    /// By how much the writing is turned, degrees clockwise on the page as displayed, −180 < rotation ≤ 180.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<f64>,
    /// Where else the zone goes on: further columns, or other pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

/// A further region of a zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Page, from 1.
    pub page_number: i32,
    /// The box around it, in that page's canonical frame.
    #[serde(flatten)]
    pub bounding_box: BoundingBox,
    /// The outline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Vec<Point>>,
}

impl From<BoundingBox> for Coordinates {
    fn from(bounding_box: BoundingBox) -> Self {
        Self { bounding_box, polygon: None, baseline: None, rotation: None, regions: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_none_is_refused_with_its_numbers() {
        let inverted = BoundingBox { x0: 10.0, y0: 0.0, x1: 5.0, y1: 1.0 };
        assert!(inverted.checked().unwrap_err().reason.contains("10..5"));
        let not_finite = BoundingBox { x0: f64::NAN, y0: 0.0, x1: 5.0, y1: 1.0 };
        assert!(not_finite.checked().unwrap_err().reason.contains("finite"));
        assert!(BoundingBox { x0: 0.0, y0: 0.0, x1: 5.0, y1: 1.0 }.checked().is_ok());
    }

    #[test]
    fn coordinates_are_the_four_numbers_and_what_else_there_is() {
        let plain = Coordinates::from(BoundingBox { x0: 1.0, y0: 2.0, x1: 3.0, y1: 4.0 });
        let json = serde_json::to_value(&plain).expect("JSON");
        assert_eq!(json, serde_json::json!({"x0": 1.0, "y0": 2.0, "x1": 3.0, "y1": 4.0}));
        assert_eq!(serde_json::from_value::<Coordinates>(json).expect("back"), plain);
    }
}
