//! tus as a client speaks it, one request at a time.

use crate::api::{Answer, Api};

/// What every request but OPTIONS says.
pub const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
/// What bytes are sent as.
pub const OCTETS: (&str, &str) = ("content-type", "application/offset+octet-stream");

/// `Upload-Metadata`.
pub fn metadata(pairs: &[(&str, &str)]) -> String {
    pairs
        .iter()
        .map(|(key, value)| format!("{key} {}", base64(value.as_bytes())))
        .collect::<Vec<_>>()
        .join(",")
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        (0..4)
            .map(|at| {
                let digit = char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]);
                if at <= three.len() { digit } else { '=' }
            })
            .collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// `Upload-Checksum` with SHA-256.
pub fn checksum(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    format!("sha256 {}", base64(&sha2::Sha256::digest(bytes)))
}

impl Api {
    /// Begins an upload of so many bytes; gives its path.
    pub fn begin_upload(&self, length: usize, pairs: &[(&str, &str)]) -> String {
        let answer = self.create(length, pairs, &[], None);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.header("location").to_owned()
    }

    /// Begins an upload, perhaps with its first bytes.
    pub fn create(
        &self,
        length: usize,
        pairs: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let (length, said) = (length.to_string(), metadata(pairs));
        let mut all = [&[("upload-length", length.as_str())], headers].concat();
        if !pairs.is_empty() {
            all.push(("upload-metadata", &said));
        }
        self.tus("POST", "/v1/uploads", &all, body)
    }

    /// Sends bytes that begin at this offset.
    pub fn patch(&self, upload: &str, offset: usize, bytes: &[u8]) -> Answer {
        self.patch_with(upload, offset, &[], bytes)
    }

    pub fn patch_with(&self, upload: &str, offset: usize, headers: &[(&str, &str)], bytes: &[u8]) -> Answer {
        let offset = offset.to_string();
        let headers = [&[OCTETS, ("upload-offset", offset.as_str())], headers].concat();
        self.tus("PATCH", upload, &headers, Some(bytes))
    }

    /// How far an upload has come.
    pub fn offset(&self, upload: &str) -> usize {
        let answer = self.tus("HEAD", upload, &[], None);
        assert_eq!(answer.status, 200);
        answer.header("upload-offset").parse().unwrap()
    }

    pub fn tus(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Answer {
        let answer = self.send(method, path, &[&[TUS], headers].concat(), body).unwrap();
        assert_eq!(answer.header("tus-resumable"), "1.0.0");
        answer
    }
}
