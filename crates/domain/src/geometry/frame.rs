//! The frames in which a place on a page is named, and the page that ties them together.

use std::fmt;
use std::str::FromStr;

use super::Transform;
use crate::{BoundingBox, Invalid, Page};

/// Points in an inch.
const POINTS_PER_INCH: f64 = 72.0;
/// Dots per inch that make sense; a scanner's are 72 to 4,800.
const DPI: std::ops::RangeInclusive<f64> = 1.0..=100_000.0;

/// In which numbers a place on a page is given.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Frame {
    /// `points`: points (1/72 inch) from the top left of the page as displayed, y downwards. The canonical frame.
    #[default]
    Points,
    /// `points-bl`: points from the bottom left of the page as displayed, y upwards.
    PointsBottomLeft,
    /// `pdf`: the file's own user space, in which its `MediaBox` is written: before `/Rotate` and `UserUnit`, y upwards.
    Pdf,
    /// `normalised`: 0 to 1 of the width and height of the page as displayed, from the top left.
    Normalised,
    /// `percent`: 0 to 100 of them.
    Percent,
    /// `px@300`: pixels of the page as displayed, from the top left, at so many dots per inch.
    Pixels(f64),
}

impl Frame {
    /// From this frame's numbers to the canonical ones, on this page.
    ///
    /// # Errors
    /// The page has no size, so that no share of it is a place.
    pub fn to_points(self, page: &PageFrame) -> Result<Transform, Invalid> {
        let transform = match self {
            Self::Points => Transform::IDENTITY,
            Self::PointsBottomLeft => Transform([1.0, 0.0, 0.0, -1.0, 0.0, page.height]),
            Self::Pdf => page.user_space,
            Self::Normalised => Transform::scale(page.width, page.height),
            Self::Percent => Transform::scale(page.width / 100.0, page.height / 100.0),
            Self::Pixels(dpi) => Transform::scale(POINTS_PER_INCH / dpi, POINTS_PER_INCH / dpi),
        };
        match transform.inverse() {
            Some(_) => Ok(transform),
            None => Err(Invalid::new(
                "frame",
                format!(
                    "the page is {} × {} points, so {self} names no place on it",
                    page.width, page.height
                ),
            )),
        }
    }

    /// From the canonical numbers to this frame's, on this page.
    ///
    /// # Errors
    /// As [`Frame::to_points`].
    pub fn from_points(self, page: &PageFrame) -> Result<Transform, Invalid> {
        Ok(self.to_points(page)?.inverse().unwrap_or(Transform::IDENTITY))
    }

    /// By how much directions turn on the way to the canonical frame, degrees clockwise.
    pub(super) fn turn(self, page: &PageFrame) -> f64 {
        if self == Self::Pdf { f64::from(page.rotation) } else { 0.0 }
    }

    /// Whether a place can be named without knowing the page.
    pub fn needs_no_page(self) -> bool {
        matches!(self, Self::Points | Self::Pixels(_))
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Points => f.write_str("points"),
            Self::PointsBottomLeft => f.write_str("points-bl"),
            Self::Pdf => f.write_str("pdf"),
            Self::Normalised => f.write_str("normalised"),
            Self::Percent => f.write_str("percent"),
            Self::Pixels(dpi) => write!(f, "px@{dpi}"),
        }
    }
}

impl FromStr for Frame {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "points" => return Ok(Self::Points),
            "points-bl" => return Ok(Self::PointsBottomLeft),
            "pdf" => return Ok(Self::Pdf),
            "normalised" | "norm" => return Ok(Self::Normalised),
            "percent" => return Ok(Self::Percent),
            _ => {}
        }
        let dpi = text.strip_prefix("px@").and_then(|dpi| dpi.parse::<f64>().ok());
        dpi.filter(|dpi| DPI.contains(dpi)).map(Self::Pixels).ok_or_else(|| {
            Invalid::new(
                "frame",
                format!(
                    "{text:?} is none of points, points-bl, pdf, normalised, percent, px@<dots per inch> (such \
                     as px@300)"
                ),
            )
        })
    }
}

/// What places on a page are measured by: its size as displayed, and the way from the file's own units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageFrame {
    width: f64,
    height: f64,
    rotation: u16,
    user_space: Transform,
}

impl PageFrame {
    /// Of a page with these boxes (`[x0, y0, x1, y1]` in the file's units), turned by `rotation` degrees clockwise
    /// (0, 90, 180 or 270), whose unit is `user_unit` points. What is shown is the crop box within the media box; the
    /// media box where they do not meet.
    pub fn new(mediabox: [f64; 4], cropbox: [f64; 4], rotation: u16, user_unit: f64) -> Self {
        let [x0, y0, x1, y1] = shown(mediabox, cropbox);
        let (across, up) = ((x1 - x0) * user_unit, (y1 - y0) * user_unit);
        let (width, height) = if rotation.is_multiple_of(180) { (across, up) } else { (up, across) };
        let turned = match rotation {
            90 => [0.0, 1.0, 1.0, 0.0, 0.0, 0.0],
            180 => [-1.0, 0.0, 0.0, 1.0, width, 0.0],
            270 => [0.0, -1.0, -1.0, 0.0, width, height],
            _ => [1.0, 0.0, 0.0, -1.0, 0.0, height],
        };
        let user_space = Transform::translate(-x0, -y0)
            .then(Transform::scale(user_unit, user_unit))
            .then(Transform(turned));
        Self { width, height, rotation, user_space }
    }

    /// Width in points, as displayed.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Height in points, as displayed.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// From the file's own units to the canonical frame.
    pub fn user_space(&self) -> Transform {
        self.user_space
    }

    /// The whole page, in the canonical frame.
    pub fn area(&self) -> BoundingBox {
        BoundingBox { x0: 0.0, y0: 0.0, x1: self.width, y1: self.height }
    }
}

impl From<&Page> for PageFrame {
    fn from(page: &Page) -> Self {
        let rotation = u16::try_from(page.rotation).unwrap_or(0);
        let made = Self::new(page.mediabox, page.cropbox, rotation, page.user_unit);
        // The size that others are told is the one that counts, for pages without boxes of their own too.
        Self { width: page.width, height: page.height, ..made }
    }
}

/// What both boxes have in common.
fn shown(mediabox: [f64; 4], cropbox: [f64; 4]) -> [f64; 4] {
    let [mx0, my0, mx1, my1] = upright(mediabox);
    let [cx0, cy0, cx1, cy1] = upright(cropbox);
    let both = [mx0.max(cx0), my0.max(cy0), mx1.min(cx1), my1.min(cy1)];
    if both[0] < both[2] && both[1] < both[3] { both } else { [mx0, my0, mx1, my1] }
}

fn upright([x0, y0, x1, y1]: [f64; 4]) -> [f64; 4] {
    [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)]
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "these numbers are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_is_written() {
        for text in ["points", "points-bl", "pdf", "normalised", "percent", "px@300", "px@96.5"] {
            assert_eq!(text.parse::<Frame>().unwrap().to_string(), text);
        }
        assert_eq!("norm".parse::<Frame>().unwrap(), Frame::Normalised);
        for text in ["", "px", "px@", "px@0", "px@nan", "px@inf", "px@-300", "Points", "inch"] {
            assert!(text.parse::<Frame>().unwrap_err().reason.contains("px@300"), "{text}");
        }
    }

    #[test]
    fn each_rotation_puts_the_displayed_top_left_at_the_origin() {
        // The corner of the crop box that is top-left after turning the page clockwise, and its opposite.
        let corners = [
            (0, [100.0, 650.0], [400.0, 50.0]),
            (90, [100.0, 50.0], [400.0, 650.0]),
            (180, [400.0, 50.0], [100.0, 650.0]),
            (270, [400.0, 650.0], [100.0, 50.0]),
        ];
        for (rotation, top_left, bottom_right) in corners {
            let page = PageFrame::new([0.0, 0.0, 500.0, 700.0], [100.0, 50.0, 400.0, 650.0], rotation, 2.0);
            assert_eq!(page.user_space().point(top_left), [0.0, 0.0], "{rotation}");
            assert_eq!(page.user_space().point(bottom_right), [page.width(), page.height()], "{rotation}");
        }
    }

    #[test]
    fn a_page_without_size_has_no_places() {
        let page = PageFrame::new([0.0; 4], [0.0; 4], 0, 1.0);
        for frame in [Frame::Normalised, Frame::Percent] {
            assert!(frame.to_points(&page).unwrap_err().reason.contains("0 × 0"));
        }
        assert!(Frame::Pixels(300.0).to_points(&page).is_ok());
    }
}
