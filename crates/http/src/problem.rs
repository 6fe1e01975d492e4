//! Errors as `application/problem+json` (RFC 9457), each with a stable `code`.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use colophon_db::ErrorKind;
use colophon_domain::Invalid;
use colophon_formats::import::ImportError;
use colophon_formats::views::{DocumentView, UsageView};
use colophon_service::Error;
use colophon_service::corrections::replay::sides;
use serde_json::{Map, Value, json};

use crate::auth::Refusal;

/// Members that every problem has.
const OWN: [&str; 5] = ["type", "title", "status", "detail", "code"];

/// An error that a caller gets.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    /// Members of its own (RFC 9457 §3.2).
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// An error of this status; `code` is stable, `detail` is for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let (code, detail) = (code.into(), detail.into());
        Self { status, code, detail, members: Map::new(), headers: Vec::new() }
    }

    /// Adds a member for programs.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl std::fmt::Display) -> Self {
        self.headers.extend(HeaderValue::from_str(&value.to_string()).ok().map(|value| (name, value)));
        self
    }

    /// A problem as [`Problem::body`] worded it.
    pub fn said(body: &Value) -> Self {
        let status = body["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let status = status.and_then(|status| StatusCode::from_u16(status).ok());
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let mut problem = Self::new(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), "", text("detail"));
        problem.code = text("code").into();
        problem.members = body.as_object().cloned().unwrap_or_default();
        for own in OWN {
            problem.members.remove(own);
        }
        problem
    }

    /// What ended something before, as [`Problem::body`] worded it then: it is gone, and this is why.
    pub fn again(body: &Value) -> Self {
        Self { status: StatusCode::GONE, ..Self::said(body) }
    }

    /// The problem in JSON.
    pub fn body(&self) -> Value {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut body = json!({
            "type": "about:blank", "title": title, "status": self.status.as_u16(),
            "detail": self.detail, "code": self.code,
        });
        if let Some(body) = body.as_object_mut() {
            body.extend(self.members.clone());
        }
        body
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
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::warn!(code = %self.code, detail = self.detail, "a request has to be sent again");
        } else if self.status.is_server_error() {
            tracing::error!(code = %self.code, detail = self.detail, "a request failed");
        }
        let mut response = (self.status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.extend(self.headers);
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
            ErrorKind::QuotaExceeded => (StatusCode::FORBIDDEN, "quota_exceeded"),
            ErrorKind::LegalHold => (StatusCode::CONFLICT, "legal_hold"),
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
            colophon_blobs::Error::Forbidden { .. } => (StatusCode::FORBIDDEN, "store_forbidden"),
            colophon_blobs::Error::Refused { .. } => (StatusCode::SERVICE_UNAVAILABLE, "store_refused"),
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
            Error::QuotaExceeded { usage, .. } => Self::new(StatusCode::FORBIDDEN, "quota_exceeded", detail)
                .with("usage", json!(UsageView::from(usage))),
            Error::Duplicate(found) => Self::new(StatusCode::CONFLICT, "duplicate", detail).with(
                "existing",
                json!({
                    "id": found.document_id, "filename": found.filename, "version": found.version,
                    "in_trash": found.in_trash,
                }),
            ),
            Error::InTrash { .. } => Self::new(StatusCode::CONFLICT, "in_trash", detail),
            Error::MetadataInvalid { violations } => {
                let violations =
                    violations.iter().map(|v| json!({ "pointer": v.pointer, "reason": v.reason }));
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "metadata_invalid", detail)
                    .with("violations", violations.collect())
            }
            Error::SchemaInvalid { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "metadata_schema_invalid", detail)
            }
            Error::Stale { theirs, yours } => Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail)
                .with("theirs", json!(DocumentView::from(*theirs)))
                .with("yours", json!(DocumentView::from(*yours))),
            Error::ZoneConflict(conflict) => {
                let mut problem = Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail);
                problem.members.extend(sides(*conflict));
                problem
            }
            Error::JobKeyTaken { .. } => Self::new(StatusCode::CONFLICT, "job_key_taken", detail),
            Error::JobsRefused { items } => {
                let items = items.iter().map(|item| json!({ "index": item.index, "reason": item.reason }));
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "jobs_refused", detail)
                    .with("items", items.collect())
            }
            Error::JobState { status, .. } => {
                Self::new(StatusCode::CONFLICT, "job_state", detail).with("job_status", status.into())
            }
            Error::OnlyToBeSeen { .. } | Error::ScheduleOnlyToBeSeen { .. } => {
                Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
            }
            Error::OfPeople { .. } => Self::new(StatusCode::CONFLICT, "of_people", detail),
            Error::NoPerson => Self::new(StatusCode::FORBIDDEN, "person_needed", detail),
            Error::NothingBefore { .. } => Self::new(StatusCode::CONFLICT, "nothing_before", detail),
            Error::ZonesRefused { items } => {
                let items = items.iter().map(
                    |item| json!({ "index": item.index, "zone_index": item.zone_index, "reason": item.reason }),
                );
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "zones_refused", detail)
                    .with("refused", items.collect())
            }
            Error::NotReadable { .. } => Self::new(StatusCode::CONFLICT, "document_not_readable", detail),
            Error::Import(error) => import_refused(&error, detail),
            Error::Database(error) => error.into(),
            Error::Store(error) => error.into(),
            Error::Ocr(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ocr_failed", detail),
            Error::Pdf(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "pdf_reader_failed", detail),
        }
    }
}

fn import_refused(error: &ImportError, detail: String) -> Problem {
    let (status, code) = match error {
        ImportError::UnknownFormat(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown_format"),
        ImportError::Malformed { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "malformed_file"),
        ImportError::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "element_too_large"),
        ImportError::Io(_) | ImportError::Stopped => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    };
    Problem::new(status, code, detail)
}
