//! Marked content: hidden layers, and text that stands in for what is drawn (`ActualText`).

use hayro_syntax::object::{Dict, String as PdfString};
use kurbo::Vec2;

use super::content::Glyph;
use crate::read::text_string;

/// The marked-content sequences that are open.
#[derive(Default)]
pub(super) struct Marked {
    open: Vec<Mark>,
    hidden: usize,
}

struct Mark {
    shown: bool,
    /// The text to put in the place of all glyphs inside.
    actual: Option<String>,
    /// Those glyphs, joined to one.
    glyph: Option<Glyph>,
}

impl Marked {
    /// The replacement text of a property list, if it has one.
    pub(super) fn actual_text(properties: &Dict<'_>) -> Option<String> {
        let text = properties.get::<PdfString<'_>>("ActualText")?;
        Some(text_string(text.as_bytes()))
    }

    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn shown(&self) -> bool {
        self.hidden == 0
    }

    pub(super) fn begin(&mut self, shown: bool, actual: Option<String>) {
        self.hidden += usize::from(!shown);
        self.open.push(Mark { shown, actual, glyph: None });
    }

    /// Ends the innermost sequence; gives the glyph that stands for all within, if there were any.
    pub(super) fn end(&mut self) -> Option<Glyph> {
        let mark = self.open.pop()?;
        self.hidden -= usize::from(!mark.shown);
        let text = mark.actual?;
        let glyph = Glyph { text: text.into(), ..mark.glyph? };
        self.take(glyph)
    }

    /// Gives a glyph back unless it is to be replaced.
    pub(super) fn take(&mut self, glyph: Glyph) -> Option<Glyph> {
        let Some(mark) = self.open.iter_mut().rev().find(|mark| mark.actual.is_some()) else {
            return Some(glyph);
        };
        match &mut mark.glyph {
            None => mark.glyph = Some(glyph),
            Some(whole) => {
                let end = glyph.origin + glyph.advance - whole.origin;
                if end.dot(whole.advance) > 0.0 || whole.advance == Vec2::ZERO {
                    whole.advance = end;
                }
                whole.bbox = whole.bbox.union(glyph.bbox);
            }
        }
        None
    }
}
