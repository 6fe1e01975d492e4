//! What the text of a page is like: how much there is, how much of it can be read, how much of the page is image.

use kurbo::Rect;

use crate::text::Glyph;
use crate::types::TextLayer;

/// `pictures` are those of the page, put together.
pub(super) fn of(glyphs: &[Glyph], pictures: &[Rect], page: Rect) -> TextLayer {
    let mut layer = TextLayer { image_share: share(pictures, page), ..TextLayer::default() };
    for glyph in glyphs.iter().filter(|glyph| page.overlaps(glyph.bbox)) {
        let (mut characters, mut unreadable) = (0, 0);
        for char in glyph.text.chars().filter(|char| !char.is_whitespace()) {
            characters += 1;
            unreadable += u32::from(is_unreadable(char));
        }
        if glyph.text.is_empty() {
            // A code that stands for no character, as far as the font tells.
            (characters, unreadable) = (1, 1);
        }
        layer.characters = layer.characters.saturating_add(characters);
        layer.unreadable = layer.unreadable.saturating_add(unreadable);
    }
    layer
}

fn is_unreadable(char: char) -> bool {
    char.is_control()
        || char == '\u{fffd}'
        || matches!(char, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Pictures that lie partly on each other count twice where they do, up to the whole page.
fn share(pictures: &[Rect], page: Rect) -> f64 {
    let covered: f64 = pictures.iter().map(|picture| picture.intersect(page).area()).sum();
    (covered / page.area()).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use kurbo::{Point, Vec2};

    use super::*;

    #[test]
    fn characters_that_stand_for_nothing_are_counted_apart() {
        let page = Rect::new(0.0, 0.0, 100.0, 100.0);
        let glyph = |text: &str, x: f64| Glyph {
            text: text.into(),
            origin: Point::new(x, 10.0),
            advance: Vec2::new(5.0, 0.0),
            bbox: Rect::new(x, 5.0, x + 5.0, 10.0),
            size: 5.0,
            bold: false,
        };
        let texts = ["a", "\u{e001}", "\u{fffd}", "", " ", "ffi", "\u{1}"];
        let mut glyphs: Vec<Glyph> = texts.iter().map(|text| glyph(text, 1.0)).collect();
        glyphs.push(glyph("off the page", 500.0));
        let layer = of(&glyphs, &[Rect::new(0.0, 0.0, 50.0, 100.0)], page);
        assert_eq!((layer.characters, layer.unreadable), (8, 4));
        assert!((layer.image_share - 0.5).abs() < 1e-9);
    }
}
