//! Documents: upload, list, read.

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_domain::{DocumentFilter, DocumentId};
use colophon_formats::views::{DocumentView, ListView};
use serde::Deserialize;

use super::upload;
use crate::auth::Caller;
use crate::query::{Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        // An upload has a limit of its own, which counts while it streams.
        .route("/v1/documents", post(upload::create).layer(DefaultBodyLimit::disable()).get(list))
        .route("/v1/documents/{id}", get(show))
}

#[derive(Debug, Deserialize)]
struct ListParams {
    status: Option<String>,
    uploaded_by: Option<String>,
    q: Option<String>,
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<DocumentView>>, Problem> {
    let filter = DocumentFilter {
        status: parse(params.status.as_deref())?,
        uploaded_by: params.uploaded_by,
        q: params.q,
    };
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let list = tx.documents().list(&filter, parse(params.cursor.as_deref())?, limit(params.limit)?).await?;
    tx.commit().await?;
    Ok(Json(list.into()))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
) -> Result<Json<DocumentView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document =
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    tx.commit().await?;
    Ok(Json(document.into()))
}
