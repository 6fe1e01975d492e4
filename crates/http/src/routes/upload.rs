//! `POST /v1/documents`: a multipart form with `file`, or the PDF itself as the body.

use std::io;
use std::task::Poll;

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use colophon_domain::metadata::METADATA_MAX_BYTES;
use colophon_domain::{DocumentId, FileName, Invalid, Strategy, Tags, metadata};
use colophon_formats::views::DocumentView;
use colophon_service::Platform;
use colophon_service::upload::{self, Details, Received, Target, Uploaded};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::edit::tags_of;
use crate::auth::Caller;
use crate::query::{Ids, Params, parse};
use crate::{App, Problem};

#[derive(Debug, Deserialize)]
pub struct UploadParams {
    filename: Option<String>,
    #[serde(default)]
    process: bool,
    strategy: Option<String>,
    on_duplicate: Option<String>,
    reason: Option<String>,
}

pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<UploadParams>,
    request: Request,
) -> Result<Response, Problem> {
    let target = Target::document(caller.owner()?);
    take_in(app, caller, target, params, request).await
}

/// `POST /v1/documents/{id}/versions`: the same, as a new version of a document that is there.
pub async fn create_version(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<UploadParams>,
    request: Request,
) -> Result<Response, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    // Whoever may not edit it is refused before a byte is stored.
    tx.documents().lock_to_edit(id).await?;
    let document = tx.documents().require(id).await?;
    drop(tx);
    if document.deleted_at.is_some() {
        return Err(colophon_service::Error::InTrash { document: id }.into());
    }
    let target = Target::version_of(&document);
    let params = UploadParams { filename: params.filename.or(Some(document.filename)), ..params };
    take_in(app, caller, target, params, request).await
}

async fn take_in(
    app: App,
    caller: Caller,
    target: Target,
    params: UploadParams,
    request: Request,
) -> Result<Response, Problem> {
    let broken_off = app.broken_off.clone();
    let request = request.map(|body| breakable(body, broken_off));
    // A task of its own: when the sender goes away, the work is not dropped in the middle but sees the body break off
    // and cleans up.
    let work = tokio::spawn(async move { store(&app, &caller, target, params, request).await });
    let uploaded = work.await.map_err(|error| {
        let detail = format!("the upload broke off inside the server: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    })??;
    let status = if uploaded.replayed { StatusCode::OK } else { StatusCode::CREATED };
    let location = if target.is_version && !uploaded.replayed {
        format!("/v1/documents/{}/versions/{}", uploaded.document.id, uploaded.document.version)
    } else {
        format!("/v1/documents/{}", uploaded.document.id)
    };
    let mut response = (status, Json(DocumentView::from(uploaded.document))).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// A body that breaks off when the server can wait no longer.
pub fn breakable(body: Body, broken_off: CancellationToken) -> Body {
    let mut body = body.into_data_stream();
    let mut broken_off = Box::pin(broken_off.cancelled_owned());
    Body::from_stream(stream::poll_fn(move |context| {
        if broken_off.as_mut().poll(context).is_ready() {
            let reason = io::Error::other("the server stops");
            return Poll::Ready(Some(Err(axum::Error::new(reason))));
        }
        body.poll_next_unpin(context)
    }))
}

async fn store(
    app: &App,
    caller: &Caller,
    target: Target,
    params: UploadParams,
    request: Request,
) -> Result<Uploaded, Problem> {
    let platform = caller.platform(app)?;
    let strategy = match params.strategy.as_deref() {
        Some(strategy) => strategy.parse::<Strategy>()?,
        None => Strategy::TextLayer,
    };
    let on_duplicate = parse(params.on_duplicate.as_deref())?.unwrap_or_default();
    let reason = params.reason.map(checked_reason).transpose()?;
    let idempotency_key = idempotency_key(request.headers())?;
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let multipart = content_type.is_some_and(|t| t.to_ascii_lowercase().starts_with("multipart/form-data"));
    let form = if multipart {
        receive_form(app, &platform, target, request).await?
    } else {
        // Refused before a byte is stored.
        let filename = params.filename.as_deref().ok_or_else(|| {
            Problem::bad_request("filename_needed", "say `?filename=` when the body is the file itself")
        })?;
        FileName::new(filename)?;
        let length = content_length(request.headers());
        let body = request.into_body().into_data_stream();
        Form {
            received: upload::receive(&platform, target, length, body).await?,
            filename: None,
            metadata: Map::new(),
            tags: Tags::default(),
        }
    };
    if target.is_version && !(form.metadata.is_empty() && form.tags == Tags::default()) {
        let reason = "and tags belong to the document and not to its versions; PATCH it";
        return Err(Invalid::new("metadata", reason).into());
    }
    let name = params.filename.or(form.filename).unwrap_or_else(|| "document.pdf".to_owned());
    let details = Details {
        filename: FileName::new(name)?,
        metadata: form.metadata,
        tags: form.tags,
        process: params.process.then_some(strategy),
        on_duplicate,
        reason,
        created_by: caller.name(),
        idempotency_key,
    };
    Ok(form.received.store(&platform, &caller.scope, details).await?)
}

pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Why a version is made.
pub fn checked_reason(reason: String) -> Result<String, Problem> {
    match reason.chars().count() {
        1..=1000 if !reason.contains('\0') => Ok(reason),
        _ => Err(Invalid::new("reason", "must have 1 to 1000 characters, and no U+0000").into()),
    }
}

/// The key that makes a repeated write harmless, if one was sent.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::bad_request(
            "invalid_idempotency_key",
            "Idempotency-Key must be 1 to 255 ASCII characters",
        )),
    }
}

struct Form {
    received: Received,
    filename: Option<String>,
    metadata: Map<String, Value>,
    tags: Tags,
}

async fn receive_form(
    app: &App,
    platform: &Platform,
    target: Target,
    request: Request<Body>,
) -> Result<Form, Problem> {
    let malformed = |error: &dyn std::fmt::Display| {
        Problem::bad_request("invalid_multipart", format!("the multipart form cannot be read: {error}"))
    };
    let mut multipart =
        Multipart::from_request(request, app).await.map_err(|error| malformed(&error.body_text()))?;
    let (mut received, mut filename, mut metadata, mut tags) = (None, None, Map::new(), Tags::default());
    while let Some(field) = multipart.next_field().await.map_err(|error| malformed(&error.body_text()))? {
        match field.name() {
            Some("file") if received.is_none() => {
                filename = field.file_name().map(ToOwned::to_owned);
                if let Some(filename) = &filename {
                    FileName::new(filename.as_str())?;
                }
                // The form's own length says nothing exact of the file's.
                received = Some(upload::receive(platform, target, None, field).await?);
            }
            Some("metadata") => metadata = read_metadata(field).await?,
            Some("tags") => tags = read_tags(field).await?,
            _ => {
                return Err(Problem::bad_request(
                    "invalid_multipart",
                    "the form takes one `file`, one `metadata` and one `tags`",
                ));
            }
        }
    }
    let received = received
        .ok_or_else(|| Problem::bad_request("file_needed", "the multipart form holds no field `file`"))?;
    Ok(Form { received, filename, metadata, tags })
}

async fn read_metadata(field: Field<'_>) -> Result<Map<String, Value>, Problem> {
    metadata_of(read_json("metadata", field).await?)
}

/// Metadata, if it is what can be kept.
pub fn metadata_of(value: Value) -> Result<Map<String, Value>, Problem> {
    match value {
        Value::Object(metadata) => {
            metadata::check(&metadata)?;
            Ok(metadata)
        }
        _ => Err(Invalid::new("metadata", "must be a JSON object").into()),
    }
}

async fn read_tags(field: Field<'_>) -> Result<Tags, Problem> {
    tags_in(&read_json("tags", field).await?)
}

/// Tags, if they are what can be kept.
pub fn tags_in(value: &Value) -> Result<Tags, Problem> {
    match value {
        Value::Array(tags) => Ok(tags_of(tags)?),
        _ => Err(Invalid::new("tags", "must be a JSON array of texts").into()),
    }
}

async fn read_json(name: &str, mut field: Field<'_>) -> Result<Value, Problem> {
    let mut bytes = Vec::new();
    let broken = |error: MultipartError| Problem::bad_request("invalid_multipart", error.body_text());
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > METADATA_MAX_BYTES {
            let detail = format!("{name} is larger than {METADATA_MAX_BYTES} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
        }
        bytes.extend_from_slice(&chunk);
    }
    json_of(name, &bytes)
}

/// JSON in a part of a request.
pub fn json_of(name: &str, bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::bad_request("invalid_json", format!("{name}: {error}")))
}
