//! The first kilobyte: a PDF or something else.

use hayro_syntax::Pdf;
use hayro_syntax::object::{Dict, Name};

/// How far into the file the header may stand.
const HEADER_WITHIN: usize = 1024;
const HEADER: &[u8] = b"%PDF-";

/// Whether a file that begins with these bytes may be a PDF: `%PDF-` begins within the first 1024 bytes. Give it at
/// least 1029 bytes, or the whole file if it is shorter.
pub fn looks_like_pdf(first_bytes: &[u8]) -> bool {
    header_at(first_bytes).is_some()
}

fn header_at(bytes: &[u8]) -> Option<usize> {
    let end = bytes.len().min(HEADER_WITHIN + HEADER.len() - 1);
    bytes[..end].windows(HEADER.len()).position(|window| window == HEADER)
}

/// Why a file is not a PDF, or `None` if it may be one.
pub(super) fn why_not_pdf(bytes: &[u8]) -> Option<String> {
    if bytes.is_empty() {
        return Some("the file is empty".into());
    }
    if looks_like_pdf(bytes) {
        return None;
    }
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "a PNG image",
        [0xFF, 0xD8, 0xFF, ..] => "a JPEG image",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "a TIFF image",
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "a ZIP archive or an Office document",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "an old Office document",
        [b'%', b'!', ..] => "PostScript",
        [b'{', b'\\', b'r', b't', b'f', ..] => "RTF",
        [0x1F, 0x8B, ..] => "a gzip archive",
        _ if bytes.trim_ascii_start().starts_with(b"<") => "HTML or XML",
        _ if bytes.iter().take(HEADER_WITHIN).all(|byte| *byte == 0) => "a file of zeros",
        _ => "something else",
    };
    Some(format!("there is no %PDF- header in the first {HEADER_WITHIN} bytes; it looks like {kind}"))
}

/// The version the header names, such as `1.4`, if it is written as one.
pub(super) fn version(bytes: &[u8]) -> Option<String> {
    let after = &bytes[header_at(bytes)? + HEADER.len()..];
    number(after.get(..3)?)
}

/// The version the catalog names, which wins over the header.
pub(super) fn catalog_version(pdf: &Pdf) -> Option<String> {
    let catalog = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?;
    number(catalog.get::<Name<'_>>("Version")?.as_ref())
}

fn number(text: &[u8]) -> Option<String> {
    match text {
        [major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            Some(format!("{}.{}", char::from(*major), char::from(*minor)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_counts_when_it_begins_within_the_first_kilobyte() {
        let at = |offset: usize| [vec![b' '; offset], b"%PDF-1.7\n".to_vec()].concat();
        assert!(looks_like_pdf(&at(0)));
        assert!(looks_like_pdf(&at(1023)));
        assert!(!looks_like_pdf(&at(1024)));
        assert!(!looks_like_pdf(b"%PDF"));
        assert!(!looks_like_pdf(b""));
    }

    #[test]
    fn what_is_not_a_pdf_is_named() {
        assert_eq!(why_not_pdf(b"").as_deref(), Some("the file is empty"));
        assert!(why_not_pdf(b"\x89PNG\r\n").is_some_and(|why| why.contains("a PNG image")));
        assert!(why_not_pdf(b"\n <!doctype html>").is_some_and(|why| why.contains("HTML")));
        assert_eq!(why_not_pdf(b"%PDF-1.4"), None);
    }

    #[test]
    fn a_version_is_two_digits_or_nothing() {
        assert_eq!(version(b"junk %PDF-1.7\n").as_deref(), Some("1.7"));
        assert_eq!(version(b"%PDF-1.\xFF"), None);
    }
}
