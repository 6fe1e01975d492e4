//! What a file is, by its first bytes.

use super::{Format, ImportError};

/// What a file is whose first bytes (4 KiB and more; its whole where it is shorter) these are.
///
/// # Errors
/// Where it is no format that is read here; the message says what it looks like.
pub fn detect(start: &[u8]) -> Result<Format, ImportError> {
    let text = String::from_utf8_lossy(start);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        return xml(text);
    }
    if text.starts_with('{') {
        return json(text);
    }
    let looks_like = match text.chars().next() {
        None => "it is empty",
        Some('[') => {
            "it is a JSON array; zones are read one a line (JSON lines), or from DoclingDocument and COCO"
        }
        Some('%') => "it looks like a PDF, which is imported without --zones",
        Some(_) => "it is neither XML nor JSON",
    };
    Err(unknown(looks_like))
}

fn xml(text: &str) -> Result<Format, ImportError> {
    // The first element's name, without comments and declarations before it.
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with("!--") {
            let Some(end) = rest.find("-->") else { break };
            rest = &rest[end + 3..];
        } else if !rest.starts_with(['?', '!']) {
            let name =
                rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
            return match name.rsplit(':').next().unwrap_or_default() {
                "PcGts" => Ok(Format::PageXml),
                "alto" => Ok(Format::Alto),
                other => {
                    let other: String = other.chars().take(40).collect();
                    Err(unknown(&format!("its first element is <{other}>, not <PcGts> or <alto>")))
                }
            };
        }
    }
    Err(unknown("it begins like XML, and no element is to be seen"))
}

fn json(text: &str) -> Result<Format, ImportError> {
    let has = |name: &str| text.contains(&format!("\"{name}\""));
    if has("schema_name") && has("DoclingDocument") {
        return Ok(Format::Docling);
    }
    let first_line = text.lines().next().unwrap_or_default().trim_end();
    let zone = ["zone_type", "label", "type", "coordinates", "bbox", "page_number", "page"];
    if first_line.ends_with('}') && zone.iter().any(|name| first_line.contains(&format!("\"{name}\""))) {
        let value: Option<serde_json::Value> = serde_json::from_str(first_line).ok();
        if value.is_some_and(|value| !value["images"].is_array() && value.get("schema_name").is_none()) {
            return Ok(Format::Jsonl);
        }
    }
    if has("annotations") || has("images") || has("categories") {
        return Ok(Format::Coco);
    }
    Err(unknown("it is JSON, and neither a DoclingDocument nor COCO nor zones, one a line"))
}

fn unknown(looks_like: &str) -> ImportError {
    ImportError::UnknownFormat(format!(
        "the file is not one of PAGE-XML, ALTO, DoclingDocument, COCO or JSON lines: {looks_like}; name its format if \
         it is one of them all the same"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_content() {
        let page = "\u{feff}<?xml version=\"1.0\"?>\n<!-- <alto> -->\n<pc:PcGts xmlns:pc=\"…\">";
        assert_eq!(detect(page.as_bytes()).unwrap(), Format::PageXml);
        assert_eq!(detect(b"<alto xmlns='x'/>").unwrap(), Format::Alto);
        assert_eq!(detect(b"{\"schema_name\": \"DoclingDocument\"}").unwrap(), Format::Docling);
        assert_eq!(detect(b"{\"images\": [], \"annotations\": []}").unwrap(), Format::Coco);
        assert_eq!(detect(b"{\"page\": 1, \"type\": \"text\"}\n{}").unwrap(), Format::Jsonl);
        for other in ["", "[]", "%PDF-1.7", "hello", "<html>", "{}", "<!-- "] {
            let error = detect(other.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("PAGE-XML"), "{other}: {error}");
        }
    }
}
