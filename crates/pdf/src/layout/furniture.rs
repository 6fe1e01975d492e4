//! Running heads and feet: what stands in the margin of several pages, and page numbers.

use super::Sheet;
use super::blocks::{Block, Matter};
use crate::types::ZoneType;

/// How much of the page's height, from either edge, may hold running heads and feet.
const MARGIN: f64 = 0.135;
/// How far repeated blocks may be from each other on different pages, in points.
const SAME_HEIGHT: f64 = 8.0;

/// The kind of a block in the margin, if it is furniture rather than text.
pub(super) fn kind(sheet: &Sheet, block: &Block, neighbours: &[&Sheet]) -> Option<ZoneType> {
    let (from_top, from_bottom) = (block.bbox.y1 - sheet.page.y0, sheet.page.y1 - block.bbox.y0);
    let margin = MARGIN * sheet.page.height();
    let zone_type = match (from_top <= margin, from_bottom <= margin) {
        (true, _) => ZoneType::PageHeader,
        (_, true) => ZoneType::PageFooter,
        _ => return None,
    };
    if block.matter != Matter::Text || block.lines.len() > 3 {
        return None;
    }
    let repeated = neighbours.iter().any(|other| other.blocks.iter().any(|twin| is_twin(block, twin)));
    let numbered = is_outermost(sheet, block)
        && sheet.blocks.iter().any(|other| is_level(block, other) && is_page_number(&other.content()));
    (repeated || numbered).then_some(zone_type)
}

/// Whether two blocks stand on one line; a block does with itself.
fn is_level(block: &Block, other: &Block) -> bool {
    other.lines.len() == 1
        && (block.bbox.y0 - other.bbox.y0).abs() < 3.0
        && (block.bbox.y1 - other.bbox.y1).abs() < 3.0
}

fn is_twin(block: &Block, twin: &Block) -> bool {
    (block.bbox.y0 - twin.bbox.y0).abs() <= SAME_HEIGHT
        && block.lines.len() == twin.lines.len()
        && shape(&block.content()) == shape(&twin.content())
}

/// The text with every number alike.
fn shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    for char in text.chars() {
        if !char.is_numeric() {
            shape.push(char);
        } else if !shape.ends_with('#') {
            shape.push('#');
        }
    }
    shape
}

/// A page number alone, perhaps with "Page", dashes, or the number of pages.
fn is_page_number(text: &str) -> bool {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || "-–—|/[]()".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let number = |word: &&str| {
        let digits = word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
        digits || is_roman(word)
    };
    let (numbers, rest): (Vec<&str>, Vec<&str>) = words.into_iter().partition(number);
    let filler = |word: &&str| {
        let word = word.trim_matches('.').to_lowercase();
        ["page", "p", "of", "seite", "von", "s"].contains(&word.as_str())
    };
    (1..=2).contains(&numbers.len()) && rest.iter().all(filler)
}

/// A Roman number below 90, in small letters.
fn is_roman(word: &str) -> bool {
    let ones = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    let tens = ["", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx"];
    let rest = |ten: &&str| word.strip_prefix(*ten).is_some_and(|rest| ones.contains(&rest));
    !word.is_empty() && tens.iter().any(rest)
}

/// Whether no other text stands between the block and the edge of the page.
fn is_outermost(sheet: &Sheet, block: &Block) -> bool {
    let top = block.bbox.center().y < sheet.page.center().y;
    let beyond = |other: &&Block| {
        let gap = if top { block.bbox.y0 - other.bbox.y1 } else { other.bbox.y0 - block.bbox.y1 };
        other.matter == Matter::Text && gap > 0.0
    };
    sheet.blocks.iter().filter(beyond).count() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_numbers_are_told_from_words() {
        for yes in ["12", "- 3 -", "Page 3 of 12", "xiv", "[7]", "S. 4", "3/9"] {
            assert!(is_page_number(yes), "{yes}");
        }
        for no in ["Chapter 3", "", "2024 Report", "1 2 3", "civil", "ill"] {
            assert!(!is_page_number(no), "{no}");
        }
    }

    #[test]
    fn numbers_do_not_tell_one_head_from_another() {
        assert_eq!(shape("Chapter 3 · 117"), shape("Chapter 12 · 9"));
        assert_ne!(shape("Chapter"), shape("Appendix"));
    }
}
