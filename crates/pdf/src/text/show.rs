//! The text operators: where each character code of a string puts its mark.

use std::rc::Rc;

use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::{Dict, Object};
use kurbo::{Affine, Point, Rect, Vec2};

use super::content::Glyph;
use super::font::{TextFont, numbers};
use super::interpret::Interpreter;

impl Interpreter<'_, '_> {
    pub(super) fn text_operator(&mut self, operator: &Op<'_, '_>) {
        match operator {
            Op::BeginText(_) => self.text.set(Affine::IDENTITY),
            Op::CharacterSpacing(space) => self.state.char_space = space.0.as_f64(),
            Op::WordSpacing(space) => self.state.word_space = space.0.as_f64(),
            Op::HorizontalScaling(scale) => self.state.stretch = scale.0.as_f64() / 100.0,
            Op::TextLeading(leading) => self.state.leading = leading.0.as_f64(),
            Op::TextRise(rise) => self.state.rise = rise.0.as_f64(),
            Op::NextLine(by) => self.text.next_line(by.0.as_f64(), by.1.as_f64()),
            Op::NextLineAndSetLeading(by) => {
                self.state.leading = -by.1.as_f64();
                self.text.next_line(by.0.as_f64(), by.1.as_f64());
            }
            Op::SetTextMatrix(m) => self.text.set(Affine::new(numbers([m.0, m.1, m.2, m.3, m.4, m.5]))),
            Op::NextLineUsingLeading(_) => self.text.next_line(0.0, -self.state.leading),
            Op::ShowText(text) => self.show(text.0.as_bytes()),
            Op::NextLineAndShowText(text) => {
                self.text.next_line(0.0, -self.state.leading);
                self.show(text.0.as_bytes());
            }
            Op::ShowTextWithParameters(text) => {
                self.state.word_space = text.0.as_f64();
                self.state.char_space = text.1.as_f64();
                self.text.next_line(0.0, -self.state.leading);
                self.show(text.2.as_bytes());
            }
            Op::ShowTexts(items) => {
                for item in items.0.iter::<Object<'_>>() {
                    match item {
                        Object::String(text) => self.show(text.as_bytes()),
                        Object::Number(back) => self.adjust(back.as_f64()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    /// Writes plain text into a box in PDF units, as wide as letters usually are.
    pub(super) fn write(&mut self, text: &str, within: Rect) {
        let lines: Vec<&str> =
            text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect();
        #[allow(clippy::cast_precision_loss)]
        let size = (within.height() / (1.2 * lines.len().max(1) as f64)).clamp(1.0, 12.0);
        let scale = self.state.ctm.determinant().abs().sqrt();
        let mut y = within.y1 - size;
        for line in lines {
            let mut x = within.x0 + 2.0;
            for char in line.chars() {
                let width = if char.is_ascii() { 0.5 * size } else { size };
                let origin = self.state.ctm * Point::new(x, y);
                let advance = self.state.ctm * Point::new(x + width, y) - origin;
                let bbox = Rect::new(x, y - 0.2 * size, x + width, y + 0.8 * size);
                let bbox = self.state.ctm.transform_rect_bbox(bbox);
                let text = char.to_string().into();
                self.content.glyph(Glyph { text, origin, advance, bbox, size: size * scale, bold: false });
                x += width;
            }
            y -= 1.2 * size;
        }
    }

    fn adjust(&mut self, back: f64) {
        let by = -back / 1000.0 * self.state.size;
        let horizontal = self.state.font.as_ref().is_none_or(|font| font.is_horizontal());
        self.text.advance(if horizontal {
            Vec2::new(by * self.state.stretch, 0.0)
        } else {
            Vec2::new(0.0, by)
        });
    }

    fn show(&mut self, bytes: &[u8]) {
        if self.state.font.is_none() {
            self.state.font = self.shared.fonts.font(&Dict::empty());
        }
        let Some(font) = self.state.font.clone() else { return };
        let (size, stretch) = (self.state.size, self.state.stretch);
        let mut at = 0;
        while at < bytes.len() {
            let (code, length) = font.next(bytes, at);
            at += length.max(1);
            let found = font.code(code);
            let scale = Affine::new([size * stretch, 0.0, 0.0, size, 0.0, self.state.rise]);
            let space =
                self.state.char_space + if code == 32 && length == 1 { self.state.word_space } else { 0.0 };
            self.mark(
                &font,
                &found.text,
                self.state.ctm * self.text.text * scale,
                found.advance,
                found.displacement,
            );
            self.text.advance(if font.is_horizontal() {
                Vec2::new((found.advance.x * size + space) * stretch, 0.0)
            } else {
                Vec2::new(0.0, found.advance.y * size + space)
            });
        }
    }

    fn mark(
        &mut self,
        font: &TextFont<'_>,
        text: &Rc<str>,
        matrix: Affine,
        advance: Vec2,
        displacement: Vec2,
    ) {
        if !self.marked.shown() {
            return;
        }
        let at = |x: f64, y: f64| matrix * Point::new(x, y);
        let origin = at(0.0, 0.0);
        let size = (at(0.0, font.em) - origin).hypot();
        let (low, high) = if font.is_horizontal() {
            (Vec2::new(0.0, font.descent), advance + Vec2::new(0.0, font.ascent))
        } else {
            (displacement, Vec2::new(-displacement.x, 0.0) + advance)
        };
        let corners =
            [(low.x, low.y), (high.x, low.y), (low.x, high.y), (high.x, high.y)].map(|(x, y)| at(x, y));
        let bbox =
            corners.iter().fold(Rect::from_points(corners[0], corners[0]), |bbox, p| bbox.union_pt(*p));
        if !bbox.is_finite() || !origin.is_finite() || size < 1e-3 {
            return;
        }
        let advance = at(advance.x, advance.y) - origin;
        let glyph = Glyph { text: text.clone(), origin, advance, bbox, size, bold: font.bold };
        if let Some(glyph) = self.marked.take(glyph) {
            self.content.glyph(glyph);
        }
    }
}
