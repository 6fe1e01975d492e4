//! What a store is told about an object besides its bytes.

/// What an object is, for whoever gets it from the store itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its media type; by its key where nothing is said.
    pub mime_type: Option<String>,
    /// The name that people know it by.
    pub filename: Option<String>,
}

/// RFC 6266 with RFC 8187: an ASCII name for old programs, and the real one for all others.
pub fn content_disposition(filename: &str) -> String {
    let ascii: String = filename
        .chars()
        .map(|c| if c.is_ascii_graphic() && !matches!(c, '"' | '\\') || c == ' ' { c } else { '_' })
        .collect();
    let encoded: String = filename
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("inline; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_fits_into_the_header() {
        let header = content_disposition("naïve \"文\".pdf\r\n");
        let expected =
            "inline; filename=\"na_ve ___.pdf__\"; filename*=UTF-8''na%C3%AFve%20%22%E6%96%87%22.pdf%0D%0A";
        assert_eq!(header, expected);
    }
}
