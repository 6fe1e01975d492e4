//! Pages of a document's current version.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use colophon_domain::DocumentId;
use colophon_formats::views::{ListView, PageView};
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Ids, Params, limit};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new().route("/v1/documents/{id}/pages", get(list))
}

#[derive(Debug, Deserialize)]
struct ListParams {
    version: Option<i32>,
    limit: Option<u16>,
    cursor: Option<i32>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<PageView>>, Problem> {
    let limit = limit(params.limit)?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document =
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    let version = params.version.unwrap_or(document.version);
    let pages = tx.pages().list(id, version, params.cursor.unwrap_or(0), i64::from(limit)).await?;
    tx.commit().await?;
    let full = pages.len() == usize::from(limit);
    let next_cursor = pages.last().filter(|_| full).map(|page| page.page_number.to_string());
    Ok(Json(ListView { items: pages.into_iter().map(PageView::from).collect(), next_cursor }))
}
