//! Characters: scripts, directions, ligatures, accents drawn apart from their letters.

use std::rc::Rc;

use unicode_normalization::UnicodeNormalization;

/// Chinese, Japanese and Korean characters that are written without spaces between them.
pub(super) fn is_ideograph(char: char) -> bool {
    matches!(char, '\u{2E80}'..='\u{30FF}' | '\u{31F0}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Letters written from right to left.
pub(super) fn is_rtl(char: char) -> bool {
    matches!(char, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
        && !matches!(char, '\u{0660}'..='\u{0669}' | '\u{06F0}'..='\u{06F9}')
}

/// One text from pieces as they stand from left to right: put into logical order where they run from right to left,
/// then NFC, with ligatures and Arabic presentation forms as the letters they stand for.
pub(super) fn text(units: &[Rc<str>]) -> String {
    let rtl = units.iter().any(|unit| unit.chars().any(is_rtl));
    let joined: String = if rtl { logical(units).concat() } else { units.concat() };
    let mut expanded = String::with_capacity(joined.len());
    for char in joined.chars() {
        match char {
            '\u{FB00}'..='\u{FB4F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' => {
                expanded.extend(std::iter::once(char).nfkc());
            }
            _ if char.is_control() && char != '\t' => {}
            _ => expanded.push(char),
        }
    }
    expanded.nfc().collect()
}

/// Which way a piece runs; numbers run to the right even between Hebrew words.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Left,
    Right,
}

fn way(unit: &str) -> Option<Way> {
    unit.chars().find_map(|char| match char {
        _ if is_rtl(char) => Some(Way::Left),
        _ if char.is_alphanumeric() => Some(Way::Right),
        _ => None,
    })
}

/// From the order on the page to the order of reading, where some of it runs from right to left.
fn logical(units: &[Rc<str>]) -> Vec<&str> {
    let strong: Vec<Option<Way>> = units.iter().map(|unit| way(unit)).collect();
    let lefts = strong.iter().filter(|way| **way == Some(Way::Left)).count();
    let letters = units.iter().filter(|unit| unit.chars().any(char::is_alphabetic)).count();
    let base = if 2 * lefts >= letters { Way::Left } else { Way::Right };
    // What is neither way goes with its neighbours if they agree, else with the line.
    let mut ways = Vec::with_capacity(units.len());
    for (index, own) in strong.iter().enumerate() {
        let before = strong[..index].iter().rev().find_map(|way| *way).unwrap_or(base);
        let after = strong[index..].iter().find_map(|way| *way).unwrap_or(base);
        ways.push(own.unwrap_or(if before == after { before } else { base }));
    }
    let mut stretches: Vec<Vec<&str>> = Vec::new();
    for (index, unit) in units.iter().enumerate() {
        if index > 0 && ways[index] == ways[index - 1] {
            if let Some(stretch) = stretches.last_mut() {
                stretch.push(unit);
            }
        } else {
            stretches.push(vec![unit]);
        }
    }
    let mut first = ways.first().copied();
    for stretch in &mut stretches {
        if first == Some(Way::Left) {
            stretch.reverse();
        }
        first = first.map(|way| if way == Way::Left { Way::Right } else { Way::Left });
    }
    if base == Way::Left {
        stretches.reverse();
    }
    stretches.concat()
}

/// An accent and its letter drawn one over the other, as one character; `None` if they are not that.
pub(super) fn compose(first: &Rc<str>, second: &Rc<str>) -> Option<Rc<str>> {
    let one = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    };
    let mark = combining(one(first)?)?;
    let letter = one(second).filter(|letter| letter.is_alphabetic())?;
    let composed: String = [letter, mark].into_iter().nfc().collect();
    (composed.chars().count() == 1).then(|| composed.into())
}

fn combining(accent: char) -> Option<char> {
    Some(match accent {
        '`' | '\u{02CB}' => '\u{0300}',
        '´' | '\u{02CA}' => '\u{0301}',
        'ˆ' => '\u{0302}',
        '˜' => '\u{0303}',
        '¯' | '\u{02C9}' => '\u{0304}',
        '˘' => '\u{0306}',
        '˙' => '\u{0307}',
        '¨' => '\u{0308}',
        '˚' => '\u{030A}',
        '˝' => '\u{030B}',
        'ˇ' => '\u{030C}',
        '¸' => '\u{0327}',
        '˛' => '\u{0328}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Vec<Rc<str>> {
        text.chars().map(|char| char.to_string().into()).collect()
    }

    #[test]
    fn hebrew_comes_out_in_the_order_of_reading() {
        assert_eq!(text(&units("םולש")), "שלום");
        assert_eq!(text(&units("םלוע םולש")), "שלום עולם");
    }

    #[test]
    fn numbers_and_latin_words_keep_their_order_among_hebrew() {
        assert_eq!(text(&units("123 םולש")), "שלום 123");
        assert_eq!(text(&units("abc םולש def")), "abc שלום def");
    }

    #[test]
    fn a_glyph_of_several_letters_stays_together() {
        let line: Vec<Rc<str>> = ["م", "لا", "س"].map(Into::into).to_vec();
        assert_eq!(text(&line), "سلام");
    }

    #[test]
    fn ligatures_become_letters() {
        assert_eq!(text(&units("oﬃce ﬁt")), "office fit");
        assert_eq!(text(&["e\u{301}".into()]), "é");
    }

    #[test]
    fn an_accent_and_its_letter_become_one() {
        assert_eq!(compose(&"´".into(), &"e".into()).as_deref(), Some("é"));
        assert_eq!(compose(&"e".into(), &"´".into()), None);
        assert_eq!(compose(&"¨".into(), &"7".into()), None);
    }
}
