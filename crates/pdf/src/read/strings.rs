//! Text strings outside of pages: UTF-16, UTF-8 or `PDFDocEncoding`.

use unicode_normalization::UnicodeNormalization;

/// Longest text that is kept; a title is not a book.
const MAX_CHARS: usize = 2000;

/// What 0x80..=0xA0 mean in `PDFDocEncoding`; the rest is Latin-1.
const PDF_DOC: [char; 33] = [
    '•', '†', '‡', '…', '—', '–', 'ƒ', '⁄', '‹', '›', '−', '‰', '„', '“', '”', '‘', '’', '‚', '™', 'ﬁ', 'ﬂ',
    'Ł', 'Œ', 'Š', 'Ÿ', 'Ž', 'ı', 'ł', 'œ', 'š', 'ž', ' ', '€',
];

/// The text of a string, without control characters; `None` if nothing is left of it.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    let text = text_string(bytes);
    let spaced = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let clean: String = spaced.nfc().take(MAX_CHARS).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    (!clean.is_empty()).then_some(clean)
}

/// The text of a string as it stands.
pub(crate) fn text_string(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|byte| pdf_doc(*byte)).collect(),
    }
}

fn utf16(bytes: &[u8], order: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| order(*pair)).collect();
    String::from_utf16_lossy(&units)
}

fn pdf_doc(byte: u8) -> char {
    match byte {
        0x80..=0xA0 => PDF_DOC[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_read_in_each_encoding() {
        assert_eq!(text(b"Caf\xE9 \x84 \x93").as_deref(), Some("Café — ﬁ"));
        assert_eq!(text(b"\xFE\xFF\x00A\x20\xAC").as_deref(), Some("A€"));
        assert_eq!(text(b"\xFF\xFEA\x00").as_deref(), Some("A"));
        assert_eq!(text("\u{FEFF}naïve".as_bytes()).as_deref(), Some("naïve"));
        assert_eq!(text(b" \x00\n "), None);
    }
}
