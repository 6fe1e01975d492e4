//! What `Upload-Metadata` says of a file: `key base64,key base64,…`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use colophon_domain::{DocumentId, FileName, OnDuplicate, Strategy};
use colophon_service::uploads::Wanted;
use serde_json::Map;

use crate::Problem;
use crate::routes::upload::{checked_reason, json_of, metadata_of, tags_in};

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What becomes of the file. Keys that we do not know are other programs' own (`filetype`, `relativePath`), and kept with
/// the upload.
pub fn read(header: &str) -> Result<Wanted, Problem> {
    let mut fields = pairs(header)?;
    let filename = fields.remove("filename").or_else(|| fields.remove("name"));
    let filename = filename.filter(|name| !name.is_empty()).unwrap_or_else(|| "document.pdf".to_owned());
    FileName::new(filename.as_str())?;
    let metadata = match fields.remove("metadata") {
        Some(text) => metadata_of(json_of("metadata", text.as_bytes())?)?,
        None => Map::new(),
    };
    let tags = match fields.remove("tags") {
        Some(text) => tags_in(&json_of("tags", text.as_bytes())?)?.as_slice().to_vec(),
        None => Vec::new(),
    };
    let strategy = match fields.remove("strategy") {
        Some(strategy) => strategy.parse::<Strategy>()?,
        None => Strategy::TextLayer,
    };
    let process = match fields.remove("process").as_deref() {
        None | Some("false") => None,
        // A key alone says yes.
        Some("true" | "") => Some(strategy.as_str().to_owned()),
        Some(other) => return Err(malformed(format!("process: {other:?} is neither true nor false"))),
    };
    let document = match fields.remove("document_id") {
        Some(id) => {
            let id: DocumentId =
                id.parse().map_err(|_| malformed(format!("document_id: {id:?} is no identifier")))?;
            Some(id)
        }
        None => None,
    };
    let reason = fields.remove("reason").map(checked_reason).transpose()?;
    let on_duplicate = fields.remove("on_duplicate");
    if let Some(on_duplicate) = &on_duplicate {
        on_duplicate.parse::<OnDuplicate>()?;
    }
    Ok(Wanted { filename, metadata, tags, process, document, reason, on_duplicate })
}

fn malformed(what: impl Into<String>) -> Problem {
    Problem::bad_request("invalid_upload_metadata", format!("Upload-Metadata: {}", what.into()))
}

fn pairs(header: &str) -> Result<BTreeMap<String, String>, Problem> {
    let mut pairs = BTreeMap::new();
    for pair in header.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let bytes = BASE64
            .decode(value.trim())
            .map_err(|error| malformed(format!("the value of {key:?} is not Base64: {error}")))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| malformed(format!("the value of {key:?} is not a text in UTF-8")))?;
        if text.contains('\0') {
            return Err(malformed(format!("the value of {key:?} holds U+0000")));
        }
        if pairs.insert(key.to_owned(), text).is_some() {
            return Err(malformed(format!("{key:?} is there twice")));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(pairs: &[(&str, &str)]) -> String {
        let pair = |(key, value): &(&str, &str)| format!("{key} {}", BASE64.encode(value));
        pairs.iter().map(pair).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn every_key_is_read_and_unknown_ones_are_left_alone() {
        let wanted = read(&encoded(&[
            ("filename", "Bericht Ä 文.pdf"),
            ("filetype", "application/pdf"),
            ("metadata", r#"{"case":"A-17"}"#),
            ("tags", r#"["urgent"]"#),
            ("process", "true"),
            ("document_id", "00000000-0000-7000-8000-000000000001"),
            ("reason", "signed"),
            ("on_duplicate", "reject"),
        ]))
        .unwrap();
        assert_eq!(wanted.filename, "Bericht Ä 文.pdf");
        assert_eq!(wanted.metadata["case"], "A-17");
        assert_eq!(wanted.tags, ["urgent"]);
        assert_eq!(wanted.process.as_deref(), Some("text-layer"));
        assert!(wanted.document.is_some());
        assert_eq!(
            (wanted.reason.as_deref(), wanted.on_duplicate.as_deref()),
            (Some("signed"), Some("reject"))
        );
        assert_eq!(read("").unwrap().filename, "document.pdf");
        assert_eq!(read("process").unwrap().process.as_deref(), Some("text-layer"));
        // Padded or not.
        assert_eq!(read("filename YQ").unwrap().filename, "a");
        assert_eq!(read("filename YQ==").unwrap().filename, "a");
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for (header, says) in [
            ("filename !", "filename"),
            ("filename YQ==,filename Yg==", "twice"),
            ("filename /w==", "UTF-8"),
            ("filename AA==", "U+0000"),
            (&encoded(&[("process", "maybe")]), "process"),
            (&encoded(&[("document_id", "1")]), "document_id"),
        ] {
            let body = read(header).unwrap_err().body();
            assert_eq!(body["code"], "invalid_upload_metadata", "{header}");
            assert!(body["detail"].as_str().unwrap().contains(says), "{header}: {body}");
        }
        for header in [encoded(&[("metadata", "[]")]), encoded(&[("strategy", "guess")])] {
            assert_eq!(read(&header).unwrap_err().body()["status"], 422, "{header}");
        }
    }
}
