//! The trash, and legal hold.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post, put};
use axum::{Json, Router};
use colophon_domain::{DocumentId, Invalid};
use colophon_formats::views::DocumentView;
use colophon_service::purge::purge;
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Body, Ids, Params};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}", delete(trash_or_purge))
        .route("/v1/documents/{id}/restore", post(restore))
        .route("/v1/documents/{id}/legal-hold", put(hold).delete(end_hold))
}

#[derive(Debug, Deserialize)]
struct DeleteParams {
    #[serde(default)]
    purge: bool,
}

/// To the trash, from where it comes back whole; or, with `?purge=true`, away for good.
async fn trash_or_purge(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<DeleteParams>,
) -> Result<Response, Problem> {
    if params.purge {
        purge(&app.platform, &caller.scope, id).await?;
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document = tx.documents().trash(id).await?;
    tx.commit().await?;
    Ok(Json(DocumentView::from(document)).into_response())
}

async fn restore(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
) -> Result<Json<DocumentView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document = tx.documents().restore(id).await?;
    tx.commit().await?;
    Ok(Json(document.into()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    reason: String,
}

async fn hold(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Body(hold): Body<Hold>,
) -> Result<Json<DocumentView>, Problem> {
    if !(1..=1000).contains(&hold.reason.chars().count()) || hold.reason.contains('\0') {
        return Err(Invalid::new("reason", "must have 1 to 1000 characters, and no U+0000").into());
    }
    set_hold(&app, &caller, id, Some(&hold.reason)).await
}

async fn end_hold(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
) -> Result<Json<DocumentView>, Problem> {
    set_hold(&app, &caller, id, None).await
}

/// The platform's alone: for a person the column cannot be written.
async fn set_hold(
    app: &App,
    caller: &Caller,
    id: DocumentId,
    reason: Option<&str>,
) -> Result<Json<DocumentView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    tx.documents().require(id).await?;
    let document = tx.documents().hold(id, reason).await?;
    tx.commit().await?;
    Ok(Json(document.into()))
}
