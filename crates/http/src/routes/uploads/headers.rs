//! The headers of tus.

use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use colophon_domain::Upload;
use colophon_service::uploads::{Algorithm, Checksum};
use jiff::fmt::rfc2822::DateTimePrinter;

use crate::{App, Problem};

/// The one version of the protocol that there is.
const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const EXTENSIONS: HeaderValue =
    HeaderValue::from_static("creation,creation-with-upload,checksum,termination,expiration");
const OFFSET_OCTET_STREAM: &str = "application/offset+octet-stream";

const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const TUS_CHECKSUM_ALGORITHM: HeaderName = HeaderName::from_static("tus-checksum-algorithm");
pub const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const UPLOAD_CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const UPLOAD_DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const UPLOAD_CONCAT: HeaderName = HeaderName::from_static("upload-concat");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");

/// The bytes do not have the checksum that was said (the checksum extension's own status).
pub static CHECKSUM_MISMATCH: LazyLock<StatusCode> =
    LazyLock::new(|| StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST));

/// Bytes that `Upload-Metadata` may have.
const UPLOAD_METADATA_LIMIT: usize = 64 << 10;

/// Every request but OPTIONS, and GET, which people use, says which version it speaks; every answer does.
pub async fn speak(request: Request, next: Next) -> Response {
    let exempt = matches!(*request.method(), Method::OPTIONS | Method::GET);
    let fits = request.headers().get(TUS_RESUMABLE).is_some_and(|version| version == VERSION);
    let mut response = if exempt || fits {
        next.run(request).await
    } else {
        let detail = "this server speaks tus 1.0.0; say so with the header Tus-Resumable: 1.0.0";
        let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "tus_version", detail);
        problem.header(TUS_VERSION, "1.0.0").into_response()
    };
    let headers = response.headers_mut();
    headers.insert(TUS_RESUMABLE, VERSION);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the server can do. Nobody's data, so it needs no token.
pub async fn options(State(app): State<App>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(TUS_VERSION, VERSION);
    headers.insert(TUS_EXTENSION, EXTENSIONS);
    insert(&mut response, TUS_MAX_SIZE, &app.platform.upload_limit.to_string());
    insert(&mut response, TUS_CHECKSUM_ALGORITHM, &Algorithm::ALL.map(Algorithm::as_str).join(","));
    response
}

/// What an answer says of an upload's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// How many are safe.
    Told,
    /// That, how many there will be, and what was said of them at the beginning.
    WithLength,
}

/// An answer about an upload. One that is finished names its document.
pub fn answer(status: StatusCode, upload: &Upload, offset: Offset) -> Response {
    let mut response = status.into_response();
    insert(&mut response, UPLOAD_OFFSET, &upload.upload_offset.to_string());
    if let Ok(expires) = DateTimePrinter::new().timestamp_to_rfc9110_string(&upload.expires_at) {
        insert(&mut response, UPLOAD_EXPIRES, &expires);
    }
    if offset == Offset::WithLength {
        insert(&mut response, UPLOAD_LENGTH, &upload.upload_length.to_string());
        if let Some(upload_metadata) = &upload.upload_metadata {
            insert(&mut response, UPLOAD_METADATA, upload_metadata);
        }
    }
    if upload.version.is_some() {
        let document = format!("/v1/documents/{}", upload.document_id);
        insert(&mut response, header::CONTENT_LOCATION, &document);
    }
    response
}

pub fn insert(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// `Upload-Length`, for an upload of a kind that we take.
pub fn length(headers: &HeaderMap) -> Result<u64, Problem> {
    if headers.contains_key(UPLOAD_CONCAT) {
        let detail = "uploads are not put together of others here (no tus extension `concatenation`); send the file as one";
        return Err(Problem::bad_request("concatenation_not_supported", detail));
    }
    if headers.contains_key(UPLOAD_DEFER_LENGTH) {
        let detail = "the length has to be known at the beginning (no tus extension `creation-defer-length`); say Upload-Length";
        return Err(Problem::bad_request("deferred_length_not_supported", detail));
    }
    number(headers, &UPLOAD_LENGTH, "upload_length_needed")
}

/// `Upload-Offset`.
pub fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    number(headers, &UPLOAD_OFFSET, "upload_offset_needed")
}

fn number(headers: &HeaderMap, name: &HeaderName, code: &'static str) -> Result<u64, Problem> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    let digits = value.filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        // More digits than fit are a number all the same, and too large for whatever it counts.
        .map(|digits| digits.parse().unwrap_or(u64::MAX))
        .ok_or_else(|| Problem::bad_request(code, format!("the header {name} must hold a number of bytes")))
}

/// Whether bytes of a file follow; anything else than those is refused.
pub fn holds_bytes(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes) {
        Some(kind) if kind.eq_ignore_ascii_case(OFFSET_OCTET_STREAM.as_bytes()) => Ok(true),
        Some(_) => Err(no_bytes()),
        None => Ok(false),
    }
}

pub fn no_bytes() -> Problem {
    let detail = format!("bytes of an upload come with Content-Type: {OFFSET_OCTET_STREAM}");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "offset_octet_stream_needed", detail)
}

/// `Upload-Metadata`, as it came.
pub fn upload_metadata(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(UPLOAD_METADATA) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if text.len() <= UPLOAD_METADATA_LIMIT => Ok(Some(text.to_owned())),
        Ok(_) => {
            let detail = format!("Upload-Metadata is larger than {UPLOAD_METADATA_LIMIT} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail))
        }
        Err(_) => Err(Problem::bad_request("invalid_upload_metadata", "Upload-Metadata must be ASCII")),
    }
}

/// `Upload-Checksum`.
pub fn checksum(headers: &HeaderMap) -> Result<Option<Checksum>, Problem> {
    let Some(value) = headers.get(UPLOAD_CHECKSUM) else { return Ok(None) };
    let known = || Algorithm::ALL.map(Algorithm::as_str).join(", ");
    let malformed = |what: String| Problem::bad_request("invalid_upload_checksum", what);
    let (name, digest) =
        value.to_str().ok().and_then(|text| text.trim().split_once(' ')).ok_or_else(|| {
            malformed("Upload-Checksum must be an algorithm, a blank and Base64".to_owned())
        })?;
    let algorithm = Algorithm::ALL
        .into_iter()
        .find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
        .ok_or_else(|| malformed(format!("Upload-Checksum: {name:?} is none of {}", known())))?;
    let digest = STANDARD.decode(digest.trim()).ok();
    let checksum = digest.and_then(|digest| Checksum::new(algorithm, digest));
    checksum.map(Some).ok_or_else(|| malformed(format!("Upload-Checksum holds no {name} in Base64")))
}

/// The method that is meant.
pub fn overridden(headers: &HeaderMap) -> Option<Method> {
    headers.get(METHOD_OVERRIDE).and_then(|value| Method::from_bytes(value.as_bytes()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn lengths_are_digits_and_nothing_else() {
        for (text, bytes) in [("0", 0), ("10", 10), ("00010", 10), ("99999999999999999999999", u64::MAX)] {
            assert_eq!(length(&with(UPLOAD_LENGTH, text)).unwrap(), bytes, "{text}");
        }
        for text in ["", "-1", "+1", "1.5", "0x10", " 1", "1e3", "ten"] {
            assert!(length(&with(UPLOAD_LENGTH, text)).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_checksum_has_a_known_algorithm_and_as_many_bytes_as_it_needs() {
        let sha1 = "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=";
        assert!(checksum(&with(UPLOAD_CHECKSUM, sha1)).unwrap().is_some());
        assert!(checksum(&HeaderMap::new()).unwrap().is_none());
        for text in
            ["sha1", "sha1 ", "sha1 !", "sha1 YQ==", "sha256 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "md5 YQ=="]
        {
            assert!(checksum(&with(UPLOAD_CHECKSUM, text)).is_err(), "{text:?}");
        }
    }
}
