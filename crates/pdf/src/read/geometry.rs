//! From the PDF's own units to the canonical frame.

use kurbo::{Affine, Point, Rect};

/// What a page is shown as when it names no usable box: US Letter, as other readers do.
const DEFAULT_BOX: Rect = Rect::new(0.0, 0.0, 612.0, 792.0);

/// Beyond this a coordinate is a mistake, and arithmetic on it would lose its meaning.
const MAX_COORDINATE: f64 = 1e7;

/// The frame of one page: its boxes in PDF units and how they are displayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Frame {
    pub(crate) mediabox: Rect,
    pub(crate) cropbox: Rect,
    /// 0, 90, 180 or 270, clockwise.
    pub(crate) rotation: u16,
    pub(crate) user_unit: f64,
}

impl Frame {
    /// Makes sense of what a page says of itself: boxes with swapped, missing or absurd corners, rotation that is
    /// negative or no multiple of 90.
    pub(crate) fn new(
        mediabox: Option<Rect>,
        cropbox: Option<Rect>,
        rotate: f64,
        user_unit: Option<f64>,
    ) -> Self {
        let mediabox = mediabox.and_then(usable).unwrap_or(DEFAULT_BOX);
        let cropbox = cropbox.and_then(usable).unwrap_or(mediabox);
        let quarter_turns = (rotate / 90.0).round().rem_euclid(4.0);
        let exact = (rotate.rem_euclid(90.0)).abs() < f64::EPSILON;
        let rotation = match (exact, quarter_turns) {
            (true, 1.0) => 90,
            (true, 2.0) => 180,
            (true, 3.0) => 270,
            _ => 0,
        };
        let user_unit =
            user_unit.filter(|unit| unit.is_finite() && (1e-3..=1e4).contains(unit)).unwrap_or(1.0);
        Self { mediabox, cropbox, rotation, user_unit }
    }

    /// What is shown, in PDF units: the crop box within the media box; the media box where they do not meet.
    pub(crate) fn visible(&self) -> Rect {
        let both = self.cropbox.intersect(self.mediabox);
        if both.width() > 0.0 && both.height() > 0.0 { both } else { self.mediabox }
    }

    /// Width and height in points as displayed.
    pub(crate) fn size(&self) -> (f64, f64) {
        let (width, height) =
            (self.visible().width() * self.user_unit, self.visible().height() * self.user_unit);
        if self.rotation.is_multiple_of(180) { (width, height) } else { (height, width) }
    }

    /// From PDF units to the canonical frame: origin top-left of what is shown, points, y downwards.
    pub(crate) fn transform(&self) -> Affine {
        let shown = self.visible();
        let (width, height) = self.size();
        let turned = match self.rotation {
            90 => Affine::new([0.0, 1.0, 1.0, 0.0, 0.0, 0.0]),
            180 => Affine::new([-1.0, 0.0, 0.0, 1.0, width, 0.0]),
            270 => Affine::new([0.0, -1.0, -1.0, 0.0, width, height]),
            _ => Affine::new([1.0, 0.0, 0.0, -1.0, 0.0, height]),
        };
        turned * Affine::scale(self.user_unit) * Affine::translate(-Point::new(shown.x0, shown.y0).to_vec2())
    }
}

fn usable(rect: Rect) -> Option<Rect> {
    let rect = rect.abs();
    let sane =
        [rect.x0, rect.y0, rect.x1, rect.y1].iter().all(|c| c.is_finite() && c.abs() <= MAX_COORDINATE);
    (sane && rect.width() > 0.0 && rect.height() > 0.0).then_some(rect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(rotate: f64) -> Frame {
        let crop = Rect::new(100.0, 50.0, 400.0, 650.0);
        Frame::new(Some(Rect::new(0.0, 0.0, 500.0, 700.0)), Some(crop), rotate, Some(2.0))
    }

    #[test]
    fn each_rotation_puts_the_displayed_top_left_at_the_origin() {
        // The corner of the crop box that is top-left after turning the page clockwise, and its opposite.
        let corners = [
            (0.0, (100.0, 650.0), (400.0, 50.0)),
            (90.0, (100.0, 50.0), (400.0, 650.0)),
            (180.0, (400.0, 50.0), (100.0, 650.0)),
            (270.0, (400.0, 650.0), (100.0, 50.0)),
        ];
        for (rotate, top_left, bottom_right) in corners {
            let frame = frame(rotate);
            let (width, height) = frame.size();
            assert_eq!(frame.transform() * Point::from(top_left), Point::ZERO, "{rotate}");
            assert_eq!(frame.transform() * Point::from(bottom_right), Point::new(width, height), "{rotate}");
        }
    }

    #[test]
    fn size_is_that_of_the_crop_box_as_displayed() {
        assert_eq!(frame(0.0).size(), (600.0, 1200.0));
        assert_eq!(frame(-90.0).size(), (1200.0, 600.0));
        assert_eq!(frame(-90.0).rotation, 270);
        assert_eq!(frame(450.0).rotation, 90);
        assert_eq!(frame(45.0).rotation, 0);
    }

    #[test]
    fn a_box_that_makes_no_sense_falls_back() {
        let swapped = Frame::new(Some(Rect::new(200.0, 300.0, 0.0, 0.0)), None, 0.0, None);
        assert_eq!(swapped.size(), (200.0, 300.0));
        let outside = Frame::new(
            Some(Rect::new(0.0, 0.0, 10.0, 10.0)),
            Some(Rect::new(50.0, 50.0, 60.0, 60.0)),
            0.0,
            None,
        );
        assert_eq!(outside.size(), (10.0, 10.0));
        let nothing = Frame::new(None, Some(Rect::new(0.0, 0.0, f64::NAN, 1.0)), f64::NAN, Some(-1.0));
        assert_eq!((nothing.size(), nothing.rotation), ((612.0, 792.0), 0));
    }
}
