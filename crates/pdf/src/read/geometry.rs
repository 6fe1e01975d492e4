//! From the PDF's own units to the canonical frame.

use colophon_domain::PageFrame;
use kurbo::{Affine, Rect};

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

    /// Width and height in points as displayed.
    pub(crate) fn size(&self) -> (f64, f64) {
        let page = self.page();
        (page.width(), page.height())
    }

    /// From PDF units to the canonical frame: origin top-left of what is shown, points, y downwards.
    pub(crate) fn transform(&self) -> Affine {
        Affine::new(self.page().user_space().0)
    }

    fn page(&self) -> PageFrame {
        let corners = |rect: Rect| [rect.x0, rect.y0, rect.x1, rect.y1];
        PageFrame::new(corners(self.mediabox), corners(self.cropbox), self.rotation, self.user_unit)
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
    use kurbo::Point;

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
