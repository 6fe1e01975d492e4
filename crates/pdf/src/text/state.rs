//! The part of the graphics state that text, images and rules depend on.

use std::rc::Rc;

use kurbo::{Affine, Rect, Vec2};

use super::font::TextFont;

#[derive(Clone)]
pub(super) struct State<'a> {
    pub(super) ctm: Affine,
    /// What clipping leaves, in the canonical frame; a box around the true clip path.
    pub(super) clip: Rect,
    pub(super) font: Option<Rc<TextFont<'a>>>,
    pub(super) size: f64,
    pub(super) char_space: f64,
    pub(super) word_space: f64,
    pub(super) stretch: f64,
    pub(super) leading: f64,
    pub(super) rise: f64,
    pub(super) line_width: f64,
}

impl State<'_> {
    pub(super) fn new(ctm: Affine, clip: Rect) -> Self {
        Self {
            ctm,
            clip,
            font: None,
            size: 0.0,
            char_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            line_width: 1.0,
        }
    }
}

/// The two matrices of a text object.
#[derive(Clone, Copy, Default)]
pub(super) struct TextMatrices {
    pub(super) text: Affine,
    pub(super) line: Affine,
}

impl TextMatrices {
    pub(super) fn set(&mut self, matrix: Affine) {
        (self.text, self.line) = (matrix, matrix);
    }

    pub(super) fn next_line(&mut self, x: f64, y: f64) {
        self.set(self.line * Affine::translate(Vec2::new(x, y)));
    }

    pub(super) fn advance(&mut self, by: Vec2) {
        self.text *= Affine::translate(by);
    }
}
