//! An object as an answer: whole, in part, or not again.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use colophon_blobs::{Range, Store, content_disposition};

use crate::Problem;

/// A file of ours.
pub struct File<'a> {
    pub storage_path: &'a str,
    pub sha256: &'a str,
    pub mime_type: &'a str,
    pub filename: &'a str,
}

/// Streams a file. Its `ETag` is its SHA-256, since an object is never changed. One range is honoured (RFC 9110 §14);
/// several ranges get the whole file, as the RFC allows.
pub async fn file(store: &Store, file: File<'_>, headers: &HeaderMap) -> Result<Response, Problem> {
    let etag = format!("\"{}\"", file.sha256);
    if names(headers, header::IF_NONE_MATCH, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let fresh = !headers.contains_key(header::IF_RANGE) || names(headers, header::IF_RANGE, &etag);
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok()).filter(|_| fresh);
    let range = asked.and_then(parse_range);
    // The last no bytes of a file are none (RFC 9110 §14.1.2), whatever the store makes of it.
    if range == Some(Range::Suffix(0)) {
        return not_satisfiable(store, &file).await;
    }
    let reader = match store.read(file.storage_path, range.clone()).await {
        Err(colophon_blobs::Error::OutOfRange { .. }) => return not_satisfiable(store, &file).await,
        read => read?,
    };
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let length = reader.range.end - reader.range.start;
    let content_range =
        format!("bytes {}-{}/{}", reader.range.start, reader.range.end.saturating_sub(1), reader.object_size);
    let mut response = Response::new(Body::from_stream(reader.bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, value(file.mime_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ETAG, value(&etag));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_DISPOSITION, value(&content_disposition(file.filename)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if status == StatusCode::PARTIAL_CONTENT {
        headers.insert(header::CONTENT_RANGE, value(&content_range));
    }
    Ok(response)
}

/// Whether a condition of the request names this `ETag`.
pub fn names(headers: &HeaderMap, condition: HeaderName, etag: &str) -> bool {
    headers.get(condition).and_then(|value| value.to_str().ok()).is_some_and(|tags| {
        tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
    })
}

async fn not_satisfiable(store: &Store, file: &File<'_>) -> Result<Response, Problem> {
    let size = store.head(file.storage_path).await?.size;
    let detail = format!("the file has {size} bytes");
    let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail);
    let mut response = problem.into_response();
    response.headers_mut().insert(header::CONTENT_RANGE, value(&format!("bytes */{size}")));
    Ok(response)
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

fn parse_range(text: &str) -> Option<Range> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", suffix) => suffix.parse().ok().map(Range::Suffix),
        (first, "") => first.parse().ok().map(Range::Offset),
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then(|| Range::Bounded(first..last.saturating_add(1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_writes_them() {
        assert_eq!(parse_range("bytes=0-9"), Some(Range::Bounded(0..10)));
        assert_eq!(parse_range("bytes=5-"), Some(Range::Offset(5)));
        assert_eq!(parse_range("bytes=-3"), Some(Range::Suffix(3)));
        for whole in ["bytes=9-0", "bytes=0-1,3-4", "lines=0-1", "bytes=x-", "bytes=-"] {
            assert_eq!(parse_range(whole), None, "{whole}");
        }
    }
}
