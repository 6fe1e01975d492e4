//! An object as an answer: whole, in part, or not again (RFC 9110 §13 and §14).

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use colophon_blobs::{Range, Store};
use colophon_domain::filenames::content_disposition;
use jiff::Timestamp;

use crate::Problem;

const PDF: &str = "application/pdf";
/// Files that a browser may show in place: they can run nothing that belongs to this address.
const SHOWN: [&str; 2] = [PDF, "application/json"];

/// A file of ours.
pub struct File<'a> {
    pub storage_path: &'a str,
    pub sha256: &'a str,
    pub mime_type: &'a str,
    pub filename: &'a str,
    /// Bytes, as its row says.
    pub size: i64,
    /// When another file may have stood here before.
    pub modified: Timestamp,
    /// Whether browsers are to save it rather than to show it.
    pub attachment: bool,
}

/// What a request gets of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All of it.
    Whole,
    /// These bytes.
    Part(std::ops::Range<u64>),
    /// It has it already.
    NotModified,
    /// It asked for another one than there is now.
    PreconditionFailed,
    /// It asked for bytes behind the end.
    NotSatisfiable,
}

impl Verdict {
    /// Whether bytes of the file are given away.
    pub fn sends(&self) -> bool {
        matches!(self, Self::Whole | Self::Part(_))
    }
}

impl File<'_> {
    /// Its `ETag` is its SHA-256, since an object is never changed.
    fn etag(&self) -> String {
        format!("\"{}\"", self.sha256)
    }

    fn size(&self) -> u64 {
        u64::try_from(self.size).unwrap_or(0)
    }

    /// To the second, as HTTP writes it.
    fn modified(&self) -> SystemTime {
        let seconds = u64::try_from(self.modified.as_second()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// What a request gets, by its conditions in the order of RFC 9110 §13.2.2 and its range. Several ranges get the whole
    /// file, as the RFC allows, and so does a range that cannot be read, or one of HEAD.
    pub fn judge(&self, method: &Method, headers: &HeaderMap) -> Verdict {
        let etag = self.etag();
        if headers.contains_key(header::IF_MATCH) {
            if !names_strongly(headers, header::IF_MATCH, &etag) {
                return Verdict::PreconditionFailed;
            }
        } else if date(headers, header::IF_UNMODIFIED_SINCE).is_some_and(|date| self.modified() > date) {
            return Verdict::PreconditionFailed;
        }
        if headers.contains_key(header::IF_NONE_MATCH) {
            if names(headers, header::IF_NONE_MATCH, &etag) {
                return Verdict::NotModified;
            }
        } else if date(headers, header::IF_MODIFIED_SINCE).is_some_and(|date| self.modified() <= date) {
            return Verdict::NotModified;
        }
        let same = match headers.get(header::IF_RANGE) {
            None => true,
            Some(_) => {
                names_strongly(headers, header::IF_RANGE, &etag)
                    || date(headers, header::IF_RANGE) == Some(self.modified())
            }
        };
        let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
        let range = asked.filter(|_| same && method == Method::GET).and_then(parse_range);
        let size = self.size();
        let (start, end) = match range {
            None => return Verdict::Whole,
            Some(Range::Bounded(range)) => (range.start, range.end.min(size)),
            Some(Range::Offset(start)) => (start, size),
            // The last no bytes of a file are none (§14.1.2).
            Some(Range::Suffix(length)) => {
                (if length == 0 { size } else { size.saturating_sub(length) }, size)
            }
        };
        if start < end { Verdict::Part(start..end) } else { Verdict::NotSatisfiable }
    }

    /// The answer to a verdict. Bytes are streamed.
    pub async fn answer(&self, store: &Store, verdict: Verdict) -> Result<Response, Problem> {
        let mut response = match &verdict {
            Verdict::Whole | Verdict::Part(_) => self.bytes(store, &verdict).await?,
            Verdict::NotModified => StatusCode::NOT_MODIFIED.into_response(),
            Verdict::PreconditionFailed => {
                let detail =
                    "the file is not the one that If-Match or If-Unmodified-Since names; read it again";
                Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail).into_response()
            }
            Verdict::NotSatisfiable => {
                let detail = format!("the file has {} bytes, and none of those that Range names", self.size);
                let problem =
                    Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail);
                let mut response = problem.into_response();
                response
                    .headers_mut()
                    .insert(header::CONTENT_RANGE, value(&format!("bytes */{}", self.size)));
                response
            }
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, value(&self.etag()));
        headers.insert(header::LAST_MODIFIED, value(&httpdate::fmt_http_date(self.modified())));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        Ok(response)
    }

    async fn bytes(&self, store: &Store, verdict: &Verdict) -> Result<Response, Problem> {
        let range = match verdict {
            Verdict::Part(range) => Some(range.clone()),
            _ => None,
        };
        let reader = store.read(self.storage_path, range.clone().map(Range::Bounded)).await?;
        // What the row promises cannot be kept: a file of another length than its own is no file.
        if reader.object_size != self.size() {
            let key = self.storage_path.to_owned();
            return Err(colophon_blobs::Error::Truncated {
                key,
                expected: self.size(),
                found: reader.object_size,
            }
            .into());
        }
        let mut response = Response::new(Body::from_stream(reader.bytes));
        let shown = SHOWN.contains(&self.mime_type);
        let (start, end) = range.as_ref().map_or((0, self.size()), |range| (range.start, range.end));
        if range.is_some() {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let content_range = format!("bytes {start}-{}/{}", end - 1, self.size);
            response.headers_mut().insert(header::CONTENT_RANGE, value(&content_range));
        }
        let headers = response.headers_mut();
        // A row may say anything of its file, and a page of somebody else's would run as one of ours.
        let mime_type = if shown { self.mime_type } else { "application/octet-stream" };
        headers.insert(header::CONTENT_TYPE, value(mime_type));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
        let disposition = content_disposition(self.filename, self.attachment || !shown);
        headers.insert(header::CONTENT_DISPOSITION, value(&disposition));
        // Not for PDFs: Chromium passes it over and Safari then shows nothing.
        if mime_type != PDF {
            let policy = HeaderValue::from_static("default-src 'none'; sandbox");
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }
}

/// Whether a condition of the request names this `ETag`, weakly or not.
pub fn names(headers: &HeaderMap, condition: HeaderName, etag: &str) -> bool {
    tags(headers, condition).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn names_strongly(headers: &HeaderMap, condition: HeaderName, etag: &str) -> bool {
    tags(headers, condition).any(|tag| tag == "*" || tag == etag)
}

fn tags(headers: &HeaderMap, condition: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(condition).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}

/// A date that cannot be read is no condition (RFC 9110 §13.1.3).
fn date(headers: &HeaderMap, condition: HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(condition)?.to_str().ok()?).ok()
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

fn parse_range(text: &str) -> Option<Range> {
    let (unit, set) = text.split_once('=')?;
    let (first, last) = set.split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes"))?;
    // A number too large to be held is larger than any file.
    let number = |digits: &str| {
        let digits = Some(digits).filter(|d| !d.is_empty() && d.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(digits.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first.trim(), last.trim()) {
        ("", suffix) => number(suffix).map(Range::Suffix),
        (first, "") => number(first).map(Range::Offset),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| Range::Bounded(first..last.saturating_add(1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "abababababababababababababababababababababababababababababababab";
    const DATE: &str = "Sun, 22 Nov 2026 10:00:00 GMT";
    const BEFORE: &str = "Sun, 22 Nov 2026 09:59:59 GMT";
    const AFTER: &str = "Sunday, 22-Nov-26 10:00:01 GMT";

    fn verdict(method: &Method, conditions: &[(&str, &str)]) -> Verdict {
        let file = File {
            storage_path: "o/d/x",
            sha256: SHA256,
            mime_type: "application/pdf",
            filename: "a.pdf",
            size: 100,
            modified: "2026-11-22T10:00:00.9Z".parse().unwrap(),
            attachment: false,
        };
        let etag = file.etag();
        let mut headers = HeaderMap::new();
        for (name, text) in conditions {
            let text = text.replace("ETAG", &etag);
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(&text).unwrap());
        }
        file.judge(method, &headers)
    }

    fn of(conditions: &[(&str, &str)]) -> Verdict {
        verdict(&Method::GET, conditions)
    }

    #[test]
    fn ranges_are_read_as_the_rfc_writes_them() {
        for (range, start, end) in [
            ("bytes=0-9", 0, 10),
            ("Bytes = 0 - 9", 0, 10),
            ("bytes=5-", 5, 100),
            ("bytes=-3", 97, 100),
            ("bytes=-300", 0, 100),
            ("bytes=0-99999999999999999999999", 0, 100),
            ("bytes=-99999999999999999999999", 0, 100),
        ] {
            assert_eq!(of(&[("range", range)]), Verdict::Part(start..end), "{range}");
            assert_eq!(verdict(&Method::HEAD, &[("range", range)]), Verdict::Whole, "HEAD has no ranges");
        }
        for beyond in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(of(&[("range", beyond)]), Verdict::NotSatisfiable, "{beyond}");
        }
        for whole in
            ["bytes=9-0", "bytes=0-1,3-4", "lines=0-1", "bytes=x-", "bytes=-", "bytes=+1-2", "bytes=--1"]
        {
            assert_eq!(of(&[("range", whole)]), Verdict::Whole, "{whole}");
        }
    }

    #[test]
    fn conditions_hold_in_the_order_of_the_rfc() {
        use Verdict::{NotModified, Part, PreconditionFailed, Whole};
        for (conditions, expected) in [
            (&[("if-match", "\"x\", ETAG")][..], Whole),
            (&[("if-match", "*")], Whole),
            (&[("if-match", "\"x\"")], PreconditionFailed),
            // Weak tags are never equal strongly (§8.8.3.2).
            (&[("if-match", "W/ETAG")], PreconditionFailed),
            (&[("if-match", "\"x\""), ("if-match", "ETAG")], Whole),
            (&[("if-match", "ETAG"), ("if-unmodified-since", BEFORE)], Whole),
            (&[("if-unmodified-since", BEFORE)], PreconditionFailed),
            (&[("if-unmodified-since", DATE)], Whole),
            (&[("if-unmodified-since", "nonsense")], Whole),
            (&[("if-none-match", "ETAG")], NotModified),
            (&[("if-none-match", "\"x\", W/ETAG")], NotModified),
            (&[("if-none-match", "*")], NotModified),
            (&[("if-none-match", "\"x\""), ("if-modified-since", AFTER)], Whole),
            (&[("if-modified-since", DATE)], NotModified),
            (&[("if-modified-since", AFTER)], NotModified),
            (&[("if-modified-since", BEFORE)], Whole),
            (&[("if-modified-since", "nonsense")], Whole),
            (&[("if-match", "\"x\""), ("if-none-match", "ETAG")], PreconditionFailed),
            (&[("range", "bytes=0-0"), ("if-none-match", "ETAG")], NotModified),
            (&[("range", "bytes=0-0"), ("if-range", "ETAG")], Part(0..1)),
            (&[("range", "bytes=0-0"), ("if-range", "W/ETAG")], Whole),
            (&[("range", "bytes=0-0"), ("if-range", "\"x\"")], Whole),
            (&[("range", "bytes=0-0"), ("if-range", DATE)], Part(0..1)),
            (&[("range", "bytes=0-0"), ("if-range", AFTER)], Whole),
            (&[("range", "bytes=100-"), ("if-range", "\"x\"")], Whole),
        ] {
            assert_eq!(of(conditions), expected, "{conditions:?}");
        }
    }
}
