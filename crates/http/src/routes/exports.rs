//! Exports: make one, list, read its record, get its files.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use colophon_domain::{DocumentId, ExportId, ZoneId};
use colophon_formats::views::{ExportView, ListView};
use colophon_service::export::{self, Request};
use serde::Deserialize;

use super::serve;
use crate::auth::Caller;
use crate::query::{Body, Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/exports", get(list).post(create))
        .route("/v1/exports/{id}", get(show))
        .route("/v1/exports/{id}/files/{name}", get(file))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateExport {
    formats: Vec<String>,
    #[serde(default)]
    selection: Selection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Selection {
    /// Inclusive ranges of pages, from 1.
    #[serde(default)]
    pages: Vec<(i32, i32)>,
    #[serde(default)]
    zones: Vec<ZoneId>,
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Body(body): Body<CreateExport>,
) -> Result<Response, Problem> {
    let asked = Request {
        formats: body.formats,
        pages: body.selection.pages,
        zones: body.selection.zones,
        created_by: caller.name(),
    };
    // A task of its own: when the caller goes away, the export is finished or cleaned up, not left half-way.
    let scope = caller.scope.clone();
    let platform = caller.platform(&app)?;
    let work = tokio::spawn(async move { export::run(&platform, &scope, document, asked).await });
    let record = work.await.map_err(|error| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", format!("the export broke off: {error}"))
    })??;
    let location = HeaderValue::from_str(&format!("/v1/exports/{}", record.id)).ok();
    let mut response = (StatusCode::ACCEPTED, Json(ExportView::from(record))).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

#[derive(Debug, Deserialize)]
struct ListParams {
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<ExportView>>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    tx.documents().get(document).await?.ok_or_else(|| Problem::not_found(format!("document {document}")))?;
    let cursor = parse(params.cursor.as_deref())?;
    let list = tx.exports().list(Some(document), cursor, limit(params.limit)?).await?;
    tx.commit().await?;
    Ok(Json(list.into()))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<ExportId>,
) -> Result<Json<ExportView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let record = tx.exports().require(id).await?;
    tx.commit().await?;
    Ok(Json(record.into()))
}

#[derive(Debug, Deserialize)]
struct FileParams {
    #[serde(default)]
    download: bool,
}

async fn file(
    State(app): State<App>,
    caller: Caller,
    Ids((id, name)): Ids<(ExportId, String)>,
    Params(params): Params<FileParams>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let record = tx.exports().require(id).await?;
    tx.commit().await?;
    let file = record.files.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| Problem::not_found(format!("file {name:?} of export {id}")))?;
    // file_paths may have been written by a Supabase client: a row can name only objects of its own document.
    if file.storage_path.split('/').nth(1) != Some(record.document_id.to_string().as_str()) {
        return Err(Problem::not_found(format!("file {name:?} of export {id}")));
    }
    let served = serve::File {
        storage_path: &file.storage_path,
        sha256: &file.sha256,
        mime_type: "application/json",
        filename: &file.name,
        size: file.size_bytes,
        modified: record.completed_at.unwrap_or(record.created_at),
        attachment: params.download,
    };
    let verdict = served.judge(&method, &headers);
    served.answer(&caller.platform(&app)?.store, verdict).await
}
