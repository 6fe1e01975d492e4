//! What kind of zone a block is, as far as sizes, weights, markers and places tell.

use super::Sheet;
use super::blocks::{Block, Matter};
use super::furniture;
use crate::types::ZoneType;

/// The kinds of all blocks of a sheet, in their order.
pub(super) fn tell(sheet: &Sheet, neighbours: &[&Sheet], first: bool) -> Vec<ZoneType> {
    let body = Body::of(sheet, neighbours);
    let title = first.then(|| title(sheet, &body)).flatten();
    let kind = |(index, block): (usize, &Block)| match block.matter {
        Matter::Picture => ZoneType::Picture,
        Matter::Table => ZoneType::Table,
        Matter::Text => furniture::kind(sheet, block, neighbours)
            .or_else(|| (Some(index) == title).then_some(ZoneType::Title))
            .unwrap_or_else(|| body.kind(sheet, block)),
    };
    sheet.blocks.iter().enumerate().map(kind).collect()
}

/// The style of most of the text.
struct Body {
    size: f64,
    bold: bool,
}

impl Body {
    fn of(sheet: &Sheet, neighbours: &[&Sheet]) -> Self {
        let mut counts: Vec<((i64, bool), usize)> = Vec::new();
        for block in std::iter::once(sheet).chain(neighbours.iter().copied()).flat_map(|sheet| &sheet.blocks)
        {
            for line in &block.lines {
                // Half points: enough to tell styles, coarse enough to gather scans.
                #[allow(clippy::cast_possible_truncation)]
                let style = ((line.size * 2.0).round() as i64, line.bold);
                match counts.iter_mut().find(|(known, _)| *known == style) {
                    Some((_, count)) => *count += line.chars,
                    None => counts.push((style, line.chars)),
                }
            }
        }
        let style =
            counts.into_iter().max_by_key(|(_, count)| *count).map_or((20, false), |(style, _)| style);
        #[allow(clippy::cast_precision_loss)]
        Self { size: style.0 as f64 / 2.0, bold: style.1 }
    }

    fn kind(&self, sheet: &Sheet, block: &Block) -> ZoneType {
        let text = block.content();
        let size = block.font_size().unwrap_or(self.size);
        if is_caption(&text) {
            ZoneType::Caption
        } else if is_bullet(&text) {
            ZoneType::ListItem
        } else if self.is_header(block, &text, size) {
            ZoneType::SectionHeader
        } else if marker(&text).is_some() && !is_section_number(&text) {
            ZoneType::ListItem
        } else if self.is_footnote(sheet, block, &text, size) {
            ZoneType::Footnote
        } else {
            ZoneType::Text
        }
    }

    fn is_header(&self, block: &Block, text: &str, size: f64) -> bool {
        let letters = text.chars().filter(|char| char.is_alphabetic()).count();
        let short = block.lines.len() <= 3 && text.chars().count() <= 160 && letters >= 2;
        let ends = text.ends_with(['.', ',', ';', ':']) && !is_section_number(text);
        let larger = size >= 1.12 * self.size;
        let bolder = block.is_bold() && !self.bold && size >= 0.95 * self.size;
        let numbered =
            is_section_number(text) && size >= 0.98 * self.size && (larger || bolder || capitals(text));
        short && !ends && (larger || bolder || numbered)
    }

    fn is_footnote(&self, sheet: &Sheet, block: &Block, text: &str, size: f64) -> bool {
        let low = block.bbox.y0 > sheet.page.y0 + 0.65 * sheet.page.height();
        let marked = text.starts_with(|char: char| char.is_ascii_digit() || "*†‡§¹²³⁴⁵⁶⁷⁸⁹".contains(char));
        low && marked && size < 0.92 * self.size
    }
}

/// The block that is the title of the document: the largest text in the upper part of the first page.
fn title(sheet: &Sheet, body: &Body) -> Option<usize> {
    let half = sheet.page.y0 + 0.6 * sheet.page.height();
    let fits = |block: &Block| {
        let text = block.content();
        block.matter == Matter::Text
            && block.bbox.y0 < half
            && block.lines.len() <= 5
            && (3..=300).contains(&text.chars().count())
            && text.chars().any(char::is_alphabetic)
            && block.direction.quarter() == 0
    };
    let size = |block: &Block| block.font_size().unwrap_or_default();
    let mut candidates = sheet.blocks.iter().enumerate().filter(|(_, block)| fits(block));
    let largest = candidates.clone().map(|(_, block)| size(block)).fold(0.0, f64::max);
    let found = candidates.find(|(_, block)| size(block) > 0.98 * largest)?;
    (largest >= 1.2 * body.size).then_some(found.0)
}

fn is_caption(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default().trim_end_matches('.').to_lowercase();
    let second = words.next().unwrap_or_default();
    let names = ["figure", "fig", "table", "tab", "abbildung", "abb", "tabelle", "tableau", "图", "表", "図"];
    let number = second.trim_end_matches([':', '.', ')']);
    names.contains(&first.as_str())
        && !number.is_empty()
        && number.len() <= 6
        && number.chars().all(|char| char.is_ascii_digit() || ".-IVXA".contains(char))
        && second.ends_with([':', '.', ')'])
        || (names.contains(&first.as_str()) && number.parse::<u32>().is_ok() && text.chars().count() < 300)
}

/// Whether a line begins with a bullet.
pub(super) fn is_bullet(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    let bullet = matches!(
        first,
        Some(
            '•' | '◦'
                | '▪'
                | '▫'
                | '■'
                | '□'
                | '●'
                | '○'
                | '‣'
                | '⁃'
                | '∙'
                | '·'
                | '➢'
                | '➤'
                | '►'
                | '✓'
                | '✔'
                | '❖'
                | '\u{F0B7}'
                | '\u{F0A7}'
                | '\u{F0D8}'
                | '\u{F076}'
                | '\u{F0FC}'
        )
    );
    let dash = matches!(first, Some('-' | '–' | '—' | '*' | '+')) && chars.clone().next() == Some(' ');
    (bullet || dash) && chars.any(|char| !char.is_whitespace()) || (bullet && text.chars().count() == 1)
}

/// The number or letter with which a list item begins, such as `1.`, `(a)`, `iv)`, `[12]`.
pub(super) fn marker(text: &str) -> Option<&str> {
    let word = text.split_whitespace().next()?;
    let inner = word.trim_start_matches(['(', '[']);
    let core = inner.trim_end_matches([')', ']', '.']);
    let closed = core.len() < inner.len();
    let digits = core.len() <= 3 && core.bytes().all(|byte| byte.is_ascii_digit());
    let letter = core.len() == 1 && core.bytes().all(|byte| byte.is_ascii_alphabetic());
    let roman = core.len() <= 5 && core.bytes().all(|byte| b"ivx".contains(&byte));
    (closed && !core.is_empty() && (digits || letter || roman)).then_some(word)
}

/// Whether a text is nothing but a bullet, number or letter waiting for its item.
pub(super) fn is_marker(text: &str) -> bool {
    let single = text.chars().count() == 1;
    (single && (is_bullet(text) || matches!(text, "-" | "–" | "*"))) || marker(text) == Some(text)
}

/// Whether a text begins like a numbered heading: `3 Results`, `2.1. Method`, `IV. Ends`.
fn is_section_number(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(number), Some(next)) = (words.next(), words.next()) else { return false };
    let core = number.trim_end_matches('.');
    let decimal =
        core.split('.').all(|part| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    let roman = core.len() <= 5 && core.bytes().all(|byte| b"IVX".contains(&byte)) && number.ends_with('.');
    (decimal || roman) && next.starts_with(char::is_uppercase)
}

fn capitals(text: &str) -> bool {
    text.chars().all(|char| !char.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_begin_with_bullets_or_markers() {
        assert!(is_bullet("• apples") && is_bullet("- pears") && !is_bullet("-5 degrees"));
        for yes in ["1. one", "(a) first", "iv) fourth", "[12] Knuth", "b. second"] {
            assert!(marker(yes).is_some(), "{yes}");
        }
        for no in ["1998. A year", "word. next", "plain", "3 apples"] {
            assert!(marker(no).is_none(), "{no}");
        }
    }

    #[test]
    fn numbered_headings_are_told_from_numbers() {
        assert!(
            is_section_number("2.1. Method")
                && is_section_number("3 Results")
                && is_section_number("IV. Ends")
        );
        assert!(!is_section_number("3 apples") && !is_section_number("2024 Report"));
    }

    #[test]
    fn captions_name_what_they_belong_to() {
        assert!(
            is_caption("Figure 3: Growth") && is_caption("Table 1. Sizes") && is_caption("Abb. 2: Wachstum")
        );
        assert!(!is_caption("Figure skating is a sport") && !is_caption("Tables are useful"));
    }
}
