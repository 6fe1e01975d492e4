//! Errors as `application/problem+json` (RFC 9457), each with a stable `code`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use colophon_db::ErrorKind;
use colophon_domain::Invalid;
use colophon_service::Error;
use serde_json::json;

use crate::auth::Refusal;

/// An error that a caller gets.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Problem {
    /// An error of this status; `code` is stable, `detail` is for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    /// A request that cannot be understood.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// No such thing, or not for this caller.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what} that this token may see"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(code = self.code, detail = self.detail, "a request failed");
        }
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "type": "about:blank", "title": title, "status": self.status.as_u16(),
            "detail": self.detail, "code": self.code,
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3.1: whoever sent nothing is not told of an error.
            let missing = self.code == Refusal::TokenMissing.code();
            let challenge = if missing { "Bearer" } else { r#"Bearer error="invalid_token""# };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", invalid.to_string())
    }
}

impl From<colophon_db::Error> for Problem {
    fn from(error: colophon_db::Error) -> Self {
        let (status, code) = match error.kind() {
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            ErrorKind::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
            ErrorKind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            ErrorKind::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            ErrorKind::Stale => (StatusCode::CONFLICT, "stale"),
            ErrorKind::Retry | ErrorKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
            ErrorKind::Corrupt | ErrorKind::Bug => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let detail = match error.kind() {
            // The server's own words may tell more than the caller should know.
            ErrorKind::Unavailable => {
                tracing::warn!(%error, "the database cannot be reached");
                "the database cannot be reached right now; try again".to_owned()
            }
            ErrorKind::Corrupt | ErrorKind::Bug => {
                tracing::error!(%error, "a statement failed");
                "an error of this program; its log has the particulars".to_owned()
            }
            _ => error.to_string(),
        };
        Self::new(status, code, detail)
    }
}

impl From<colophon_blobs::Error> for Problem {
    fn from(error: colophon_blobs::Error) -> Self {
        let (status, code) = match &error {
            colophon_blobs::Error::NotFound { .. } => (StatusCode::NOT_FOUND, "content_missing"),
            colophon_blobs::Error::NoSpace { .. } => (StatusCode::INSUFFICIENT_STORAGE, "no_space"),
            colophon_blobs::Error::OutOfRange { .. } => {
                (StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable")
            }
            colophon_blobs::Error::Truncated { .. } => (StatusCode::SERVICE_UNAVAILABLE, "content_truncated"),
            colophon_blobs::Error::NotResumable { .. } => (StatusCode::GONE, "upload_gone"),
            colophon_blobs::Error::Exists { .. } | colophon_blobs::Error::Store { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable")
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Invalid(invalid) => invalid.into(),
            Error::NotPdf { .. } => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_pdf", detail),
            Error::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail),
            Error::Interrupted { .. } => Self::bad_request("upload_interrupted", detail),
            Error::KeyReused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail),
            Error::NotReadable { .. } => Self::new(StatusCode::CONFLICT, "document_not_readable", detail),
            Error::Database(error) => error.into(),
            Error::Store(error) => error.into(),
            Error::Pdf(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "pdf_reader_failed", detail),
        }
    }
}
