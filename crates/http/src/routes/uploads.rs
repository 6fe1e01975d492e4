//! `/v1/uploads`: resumable uploads, tus 1.0.0 (<https://tus.io/protocols/resumable-upload>) with creation,
//! creation-with-upload, checksum, termination and expiration.

mod headers;
mod metadata;

use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use colophon_domain::{Upload, UploadId, UserId};
use colophon_formats::views::UploadView;
use colophon_service::uploads::{self, Error, Part};
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::timeout;

use super::upload::content_length;
use crate::auth::Caller;
use crate::query::Ids;
use crate::{App, Problem};
use headers::{Offset, answer};

/// A refused sender is listened to for so long,
const LINGER: Duration = Duration::from_secs(1);
/// or for so many bytes.
const LINGER_BYTES: usize = 16 << 20;

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/uploads", post(create).options(headers::options))
        .route(
            "/v1/uploads/{id}",
            get(show).head(offset).patch(append).delete(terminate).post(overridden).options(headers::options),
        )
        .layer(from_fn(headers::speak))
}

/// `POST /v1/uploads`: begins an upload, and takes the bytes that come with it.
async fn create(State(app): State<App>, caller: Caller, request: Request) -> Result<Response, Problem> {
    let owner = caller.owner()?;
    let headers = request.headers();
    let length = headers::length(headers)?;
    let upload_metadata = headers::upload_metadata(headers)?;
    let wanted = metadata::read(upload_metadata.as_deref().unwrap_or_default())?;
    let with_bytes = headers::holds_bytes(headers)?;
    let (checksum, part_length) = (headers::checksum(headers)?, content_length(headers));
    let platform = caller.platform(&app)?;
    let begun = uploads::create(&platform, &caller.scope, owner, length, upload_metadata, &wanted).await?;
    let id = begun.id;
    let upload = if with_bytes {
        let part = Part { id, offset: 0, length: part_length, checksum };
        write(app, caller, owner, part, request).await
    } else {
        Ok(begun)
    };
    // The upload is there, whatever became of the bytes: the client has to learn where.
    let mut response = match upload {
        Ok(upload) => answer(StatusCode::CREATED, &upload, Offset::Told),
        Err(problem) => problem.into_response(),
    };
    headers::insert(&mut response, header::LOCATION, &format!("/v1/uploads/{id}"));
    Ok(response)
}

/// `PATCH /v1/uploads/{id}`: the next bytes.
async fn append(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<UploadId>,
    request: Request,
) -> Result<Response, Problem> {
    let owner = caller.owner()?;
    let part = match announced(id, request.headers()) {
        Ok(part) => part,
        Err(problem) => {
            linger(request.into_body().into_data_stream()).await;
            return Err(problem);
        }
    };
    let upload = write(app, caller, owner, part, request).await?;
    Ok(answer(StatusCode::NO_CONTENT, &upload, Offset::Told))
}

/// The bytes that a PATCH announces.
fn announced(id: UploadId, headers: &HeaderMap) -> Result<Part, Problem> {
    if !headers::holds_bytes(headers)? {
        return Err(headers::no_bytes());
    }
    let (offset, checksum) = (headers::offset(headers)?, headers::checksum(headers)?);
    Ok(Part { id, offset, length: content_length(headers), checksum })
}

/// A task of its own: when the sender goes away, what came is counted, and what is whole is made a document. The
/// platform is closed after it.
async fn write(
    app: App,
    caller: Caller,
    owner: UserId,
    part: Part,
    request: Request,
) -> Result<Upload, Problem> {
    let platform = caller.platform(&app)?;
    let work = platform.cleanups.clone().spawn(async move {
        let mut body = request.into_body().into_data_stream();
        let stop = &app.stopping;
        let written = uploads::append(&platform, &caller.scope, owner, part, &mut body, stop, refused).await;
        if written.is_err() {
            linger(body).await;
        }
        written
    });
    let written = work.await.map_err(|error| {
        let detail = format!("the upload broke off inside the server: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    })?;
    Ok(written?)
}

/// Reads on for a moment after a refusal, so that a sender in full flow gets to hear of it.
async fn linger(mut body: BodyDataStream) {
    let read = async {
        let mut left = LINGER_BYTES;
        while let Some(Ok(bytes)) = body.next().await {
            left = left.saturating_sub(bytes.len());
            if left == 0 {
                return;
            }
        }
    };
    // Whoever sends more has to find out by himself.
    let _ = timeout(LINGER, read).await;
}

/// A refusal that ends an upload, as it is kept and told again.
fn refused(error: colophon_service::Error) -> Value {
    Problem::from(error).body()
}

/// `HEAD /v1/uploads/{id}`: how far it has come.
async fn offset(State(app): State<App>, caller: Caller, Ids(id): Ids<UploadId>) -> Result<Response, Problem> {
    let upload = uploads::offset(&app.platform, caller.owner()?, id).await?;
    Ok(answer(StatusCode::OK, &upload, Offset::WithLength))
}

/// `GET /v1/uploads/{id}`: the same for people, whatever became of it. Disturbs nobody.
async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<UploadId>,
) -> Result<Json<UploadView>, Problem> {
    Ok(Json(uploads::find(&app.platform, caller.owner()?, id).await?.into()))
}

/// `DELETE /v1/uploads/{id}`: nothing of it is kept.
async fn terminate(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<UploadId>,
) -> Result<StatusCode, Problem> {
    uploads::terminate(&caller.platform(&app)?, caller.owner()?, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/uploads/{id}`: for clients whose surroundings know no PATCH and no DELETE.
async fn overridden(
    state: State<App>,
    caller: Caller,
    id: Ids<UploadId>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    match headers::overridden(request.headers()) {
        Some(Method::PATCH) => append(state, caller, id, request).await,
        Some(Method::DELETE) => Ok(terminate(state, caller, id).await?.into_response()),
        _ => {
            let detail = "POST here needs X-HTTP-Method-Override with PATCH or DELETE";
            Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail))
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        let new = |status, code| Self::new(status, code, detail.clone());
        match error {
            Error::NotFound { id } => Self::not_found(format!("upload {id}")),
            Error::Expired { .. } => new(StatusCode::GONE, "upload_expired"),
            Error::Refused(body) => Self::said(&body),
            Error::Ended(body) => Self::again(&body),
            Error::Finished(upload) => {
                let document = upload.document_id;
                new(StatusCode::CONFLICT, "upload_finished")
                    .header(header::CONTENT_LOCATION, format!("/v1/documents/{document}"))
            }
            Error::WrongOffset { offset } => {
                new(StatusCode::CONFLICT, "wrong_offset").header(headers::UPLOAD_OFFSET, offset)
            }
            Error::Locked { seconds } => {
                new(StatusCode::LOCKED, "upload_locked").header(header::RETRY_AFTER, seconds)
            }
            Error::Beyond { .. } => new(StatusCode::PAYLOAD_TOO_LARGE, "beyond_upload_length"),
            Error::WrongChecksum => new(*headers::CHECKSUM_MISMATCH, "checksum_mismatch"),
            Error::Broken { offset, .. } => new(StatusCode::SERVICE_UNAVAILABLE, "upload_interrupted")
                .header(headers::UPLOAD_OFFSET, offset),
            Error::TooMany { .. } => new(StatusCode::TOO_MANY_REQUESTS, "too_many_uploads"),
            Error::Unreadable { .. } => new(StatusCode::INTERNAL_SERVER_ERROR, "internal"),
            Error::Service(error) => error.into(),
        }
    }
}
