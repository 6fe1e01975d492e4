//! What a content stream leaves on a page, as far as layout needs it.

use std::rc::Rc;

use kurbo::{Point, Rect, Vec2};

/// More than this on one page is no page.
const MAX_MARKS: usize = 1_000_000;

/// A character (or several that one code stands for) with its place in the canonical frame.
#[derive(Debug, Clone)]
pub(crate) struct Glyph {
    pub(crate) text: Rc<str>,
    /// Where it begins on the baseline.
    pub(crate) origin: Point,
    /// To where the next one would begin, without extra spacing.
    pub(crate) advance: Vec2,
    pub(crate) bbox: Rect,
    /// Size in points.
    pub(crate) size: f64,
    pub(crate) bold: bool,
}

/// Everything on a page that layout looks at.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) glyphs: Vec<Glyph>,
    /// Boxes of images, clipped.
    pub(crate) images: Vec<Rect>,
    /// Thin horizontal and vertical lines.
    pub(crate) rules: Vec<Rect>,
    /// Set when the page holds more than is kept.
    pub(crate) overflow: bool,
}

impl Content {
    pub(crate) fn glyph(&mut self, glyph: Glyph) {
        if self.room(self.glyphs.len()) {
            self.glyphs.push(glyph);
        }
    }

    pub(crate) fn image(&mut self, image: Rect) {
        if self.room(self.images.len()) {
            self.images.push(image);
        }
    }

    pub(crate) fn rule(&mut self, rule: Rect) {
        if self.room(self.rules.len()) {
            self.rules.push(rule);
        }
    }

    fn room(&mut self, used: usize) -> bool {
        self.overflow |= used >= MAX_MARKS;
        used < MAX_MARKS
    }
}
