//! File names as people give them, and as we show them.

use crate::Invalid;

/// The longest name that is kept, in bytes of UTF-8.
pub const ORIGINAL_MAX_BYTES: usize = 1024;
/// The longest name that is shown, in characters (the specification's `VARCHAR(255)`).
pub const DISPLAY_MAX_CHARS: usize = 255;

/// A file's name: `original` exactly as it came, `display` safe to show and to offer for a download.
///
/// The object's key in the store never contains either of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    original: String,
    display: String,
}

impl FileName {
    /// Takes a name as given.
    ///
    /// The display name is the last component of a path (`/` and `\` separate), with control characters and the
    /// characters that reorder text (Unicode bidirectional controls, UAX #9 §2) replaced by `_`, without leading or
    /// trailing white space and dots, shortened to 255 characters with its extension kept.
    ///
    /// # Errors
    /// An empty name, one with a NUL (PostgreSQL's text cannot hold it), or one longer than 1,024 bytes of UTF-8.
    pub fn new(original: impl Into<String>) -> Result<Self, Invalid> {
        let original = original.into();
        if original.is_empty() {
            return Err(Invalid::new("filename", "is empty; give the file a name"));
        }
        if original.len() > ORIGINAL_MAX_BYTES {
            let bytes = original.len();
            return Err(Invalid::new(
                "filename",
                format!(
                    "has {bytes} bytes of UTF-8; at most {ORIGINAL_MAX_BYTES} are kept, give it a shorter one"
                ),
            ));
        }
        if original.contains('\0') {
            return Err(Invalid::new("filename", "contains a NUL character; give it a name without one"));
        }
        let display = display_name(&original);
        Ok(Self { original, display })
    }

    /// The name exactly as it came.
    pub fn original(&self) -> &str {
        &self.original
    }

    /// The name to show: one line, left to right order untouched, at most 255 characters.
    pub fn display(&self) -> &str {
        &self.display
    }
}

/// The value of `Content-Disposition` (RFC 6266 with RFC 8187): an ASCII name for old programs, and the real one for all
/// others. Whatever a row holds, the name is one that is safe to show (see [`FileName::new`]) and fits into a header.
pub fn content_disposition(filename: &str, attachment: bool) -> String {
    let name = FileName::new(filename).map_or_else(|_| "document".to_owned(), |name| name.display);
    // Some programs would decode a %, and unquote a \\.
    let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%');
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded: String = name.bytes().map(encode).collect();
    let kind = if attachment { "attachment" } else { "inline" };
    format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

fn display_name(original: &str) -> String {
    let last = original.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or("");
    let clean: String = last.chars().map(|c| if is_hostile(c) { '_' } else { c }).collect();
    let clean = clean.trim_matches(|c: char| c.is_whitespace() || c == '.');
    if clean.is_empty() { "document".to_owned() } else { shorten(clean) }
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
}

fn shorten(name: &str) -> String {
    if name.chars().count() <= DISPLAY_MAX_CHARS {
        return name.to_owned();
    }
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension)
        .filter(|e| !e.is_empty() && e.chars().count() <= 10)
        .map(|extension| format!(".{extension}"))
        .unwrap_or_default();
    let stem_chars = DISPLAY_MAX_CHARS - extension.chars().count();
    name.chars().take(stem_chars).chain(extension.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(original: &str) -> String {
        FileName::new(original).unwrap().display().to_owned()
    }

    #[test]
    fn a_path_shows_only_its_last_component() {
        assert_eq!(display("../../etc/passwd"), "passwd");
        assert_eq!(display(r"C:\Users\me\report.pdf"), "report.pdf");
        assert_eq!(display("folder/"), "folder");
        assert_eq!(display("../.."), "document");
    }

    #[test]
    fn a_name_is_shown_on_one_line_and_in_its_own_order() {
        assert_eq!(display("a\nb\r\t.pdf"), "a_b__.pdf");
        assert_eq!(display("invoice\u{202E}fdp.exe"), "invoice_fdp.exe");
        assert_eq!(display("it's \"quoted\".pdf"), "it's \"quoted\".pdf");
        assert_eq!(display("דוח.pdf"), "דוח.pdf");
    }

    #[test]
    fn a_long_name_keeps_its_extension_and_its_original() {
        let long = format!("{}.pdf", "文".repeat(332));
        assert_eq!(long.len(), 1000);
        let name = FileName::new(long.clone()).unwrap();
        assert_eq!(name.original(), long);
        assert_eq!(name.display().chars().count(), DISPLAY_MAX_CHARS);
        assert!(name.display().ends_with("文.pdf"));
    }

    #[test]
    fn any_name_fits_into_the_header_and_deceives_nobody() {
        for (name, ascii, encoded) in [
            ("report.pdf", "report.pdf", "report.pdf"),
            ("naïve \"文\".pdf", "na_ve ___.pdf", "na%C3%AFve%20%22%E6%96%87%22.pdf"),
            ("a\r\nSet-Cookie: b.pdf", "a__Set-Cookie: b.pdf", "a__Set-Cookie%3A%20b.pdf"),
            ("invoice\u{202E}fdp.exe", "invoice_fdp.exe", "invoice_fdp.exe"),
            ("50%25.pdf", "50_25.pdf", "50%2525.pdf"),
            ("../../a\\b.pdf", "b.pdf", "b.pdf"),
            ("😀.pdf", "_.pdf", "%F0%9F%98%80.pdf"),
            ("", "document", "document"),
            ("\0", "document", "document"),
        ] {
            let expected = format!("inline; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
            assert_eq!(content_disposition(name, false), expected, "{name:?}");
        }
        assert!(content_disposition("a.pdf", true).starts_with("attachment; "));
        for long in ["文".repeat(255), "x".repeat(255)] {
            let header = content_disposition(&long, false);
            assert!(header.is_ascii() && header.len() < 4_000, "{}", header.len());
        }
    }

    #[test]
    fn a_name_that_cannot_be_kept_is_refused_with_the_limit() {
        assert_eq!(FileName::new("").unwrap_err().field, "filename");
        assert!(FileName::new("a\0b.pdf").unwrap_err().reason.contains("NUL"));
        assert!(FileName::new("x".repeat(1025)).unwrap_err().reason.contains("1025 bytes"));
    }
}
