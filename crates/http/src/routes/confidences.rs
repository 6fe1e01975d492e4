//! The ledger of confidences: of a document's zones, or of one of them.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use colophon_domain::{Cursor, DocumentId, ZoneId};
use colophon_formats::views::{ConfidenceView, ListView};
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/confidences", get(of_document))
        .route("/v1/documents/{id}/zones/{zone_id}/confidences", get(of_zone))
}

#[derive(Debug, Deserialize)]
struct ListParams {
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn of_document(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<ConfidenceView>>, Problem> {
    list(&app, &caller, id, None, &params).await
}

async fn of_zone(
    State(app): State<App>,
    caller: Caller,
    Ids((document, id)): Ids<(DocumentId, ZoneId)>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<ConfidenceView>>, Problem> {
    list(&app, &caller, document, Some(id), &params).await
}

async fn list(
    app: &App,
    caller: &Caller,
    document: DocumentId,
    zone: Option<ZoneId>,
    params: &ListParams,
) -> Result<Json<ListView<ConfidenceView>>, Problem> {
    let limit = limit(params.limit)?;
    let after: Option<Cursor> = parse(params.cursor.as_deref())?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let found = tx.confidences().list(document, zone, after, limit).await?;
    if found.items.is_empty() {
        // Of a zone that is gone, what stood is found.
        let there = match zone {
            Some(zone) => tx.zones().get(document, zone).await?.is_some(),
            None => tx.documents().get(document).await?.is_some(),
        };
        if !there {
            let what = zone.map_or(format!("document {document}"), |zone| format!("zone {zone}"));
            return Err(Problem::not_found(what));
        }
    }
    tx.commit().await?;
    Ok(Json(found.into()))
}
