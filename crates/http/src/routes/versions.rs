//! Versions of a document's file: a new one, all, one, two compared, and an old one made current again.

use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_db::{ErrorKind, Tx};
use colophon_domain::{DocumentId, Version};
use colophon_formats::views::{DocumentView, ListView, VersionView};
use serde::Deserialize;
use serde_json::{Value, json};

use super::upload;
use crate::auth::Caller;
use crate::query::{Ids, Params};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    let versions = post(upload::create_version).layer(DefaultBodyLimit::disable()).get(list);
    Router::new()
        .route("/v1/documents/{id}/versions", versions)
        .route("/v1/documents/{id}/versions/compare", get(compare))
        .route("/v1/documents/{id}/versions/{version}", get(show))
        .route("/v1/documents/{id}/versions/{version}/make-current", post(make_current))
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
) -> Result<Json<ListView<VersionView>>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    let versions = tx.versions().list(id).await?;
    tx.commit().await?;
    Ok(Json(ListView { items: versions.into_iter().map(VersionView::from).collect(), next_cursor: None }))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids((id, version)): Ids<(DocumentId, i32)>,
) -> Result<Json<VersionView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let found = one(&tx, id, version).await?;
    tx.commit().await?;
    Ok(Json(found.into()))
}

#[derive(Debug, Deserialize)]
struct CompareParams {
    from: i32,
    to: i32,
}

/// What two versions have in common: the file by its checksum, and the pages by their number.
async fn compare(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<CompareParams>,
) -> Result<Json<Value>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let from = one(&tx, id, params.from).await?;
    let to = one(&tx, id, params.to).await?;
    tx.commit().await?;
    Ok(Json(json!({
        "same_file": from.sha256 == to.sha256,
        "same_page_count": from.page_count == to.page_count,
        "file_size_bytes_change": to.file_size_bytes - from.file_size_bytes,
        "page_count_change": from.page_count.zip(to.page_count).map(|(from, to)| to - from),
        "from": VersionView::from(from),
        "to": VersionView::from(to),
    })))
}

async fn make_current(
    State(app): State<App>,
    caller: Caller,
    Ids((id, version)): Ids<(DocumentId, i32)>,
) -> Result<Json<DocumentView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document = match tx.documents().make_current(id, version).await {
        Err(error) if matches!(error.kind(), ErrorKind::Conflict(by) if by == "documents_version_fkey") => {
            return Err(not_found(id, version));
        }
        made => made?,
    };
    tx.commit().await?;
    Ok(Json(document.into()))
}

async fn one<S: colophon_db::Scope>(tx: &Tx<S>, id: DocumentId, version: i32) -> Result<Version, Problem> {
    tx.versions().get(id, version).await?.ok_or_else(|| not_found(id, version))
}

fn not_found(id: DocumentId, version: i32) -> Problem {
    Problem::not_found(format!("version {version} of document {id}"))
}
