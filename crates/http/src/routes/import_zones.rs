//! `POST /v1/documents/{id}/zones/import`: a file of zones as the body; the answer is a report.

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use colophon_domain::DocumentId;
use colophon_service::import_zones::{self, Request as Import};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::query::{Ids, Params, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new().route("/v1/documents/{id}/zones/import", post(create))
}

#[derive(Debug, Deserialize)]
struct ImportParams {
    format: Option<String>,
    levels: Option<String>,
    page: Option<i32>,
    vocabulary: Option<String>,
    on_invalid: Option<String>,
    tool: Option<String>,
    model: Option<String>,
    reason: Option<String>,
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ImportParams>,
    request: Request,
) -> Result<Json<Value>, Problem> {
    let import = Import {
        format: parse(params.format.as_deref().filter(|format| *format != "auto"))?,
        levels: parse(params.levels.as_deref())?,
        first_page: params.page,
        vocabulary: parse(params.vocabulary.as_deref())?,
        on_invalid: parse(params.on_invalid.as_deref())?.unwrap_or_default(),
        tool: params.tool,
        model: params.model,
        reason: params.reason,
    };
    let platform = &app.platform;
    // Whoever may not edit the document sends nothing here.
    let tx = platform.database.session(&caller.scope).begin().await?;
    tx.documents().lock_to_edit(id).await?;
    drop(tx);
    let file = import_zones::spool(request.into_body().into_data_stream(), platform.upload_limit).await?;
    let imported = import_zones::run(platform, &caller.scope, id, file, import).await?;
    Ok(Json(json!({
        "document_id": id, "revision": imported.revision, "inserted": imported.inserted,
        "updated": imported.updated, "unchanged": imported.unchanged, "report": imported.report,
    })))
}
