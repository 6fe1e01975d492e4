//! How corrections came through runs, and what of it a person settles.

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_domain::{DocumentId, Invalid, Keep, Outcome, OutcomeFilter, ZoneId};
use colophon_formats::views::{CorrectionOutcomeView, ListView};
use colophon_service::run::resolve;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::auth::Caller;
use crate::query::{Body, Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/correction-outcomes", get(list))
        .route("/v1/documents/{id}/correction-outcomes/{outcome_id}/resolve", post(settle))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListParams {
    outcome: Option<String>,
    open: Option<bool>,
    zone_id: Option<ZoneId>,
    revision: Option<i64>,
    limit: Option<u16>,
    cursor: Option<Uuid>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<CorrectionOutcomeView>>, Problem> {
    let limit = limit(params.limit)?;
    let filter = OutcomeFilter {
        outcome: parse::<Outcome>(params.outcome.as_deref())?,
        open: params.open,
        zone_id: params.zone_id,
        revision: params.revision,
    };
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let outcomes = tx.correction_outcomes().list(document, &filter, params.cursor, i64::from(limit)).await?;
    if outcomes.is_empty() {
        tx.documents()
            .get(document)
            .await?
            .ok_or_else(|| Problem::not_found(format!("document {document}")))?;
    }
    tx.commit().await?;
    let full = outcomes.len() == usize::from(limit);
    let next_cursor = outcomes.last().filter(|_| full).map(|outcome| outcome.id.to_string());
    Ok(Json(ListView { items: outcomes.into_iter().map(CorrectionOutcomeView::from).collect(), next_cursor }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resolve {
    keep: String,
    reason: Option<String>,
}

async fn settle(
    State(app): State<App>,
    caller: Caller,
    Ids((document, id)): Ids<(DocumentId, Uuid)>,
    Body(Resolve { keep, reason }): Body<Resolve>,
) -> Result<Json<Value>, Problem> {
    let keep: Keep = keep.parse().map_err(colophon_service::Error::Invalid)?;
    if reason
        .as_ref()
        .is_some_and(|reason| !(1..=1_000).contains(&reason.chars().count()) || reason.contains('\0'))
    {
        let wrong = Invalid::new("reason", "must be 1 to 1,000 characters");
        return Err(colophon_service::Error::Invalid(wrong).into());
    }
    let resolved = resolve(&app.platform, &caller.scope, document, id, keep, reason).await?;
    let mut view = json!(CorrectionOutcomeView::from(resolved.outcome));
    view["change"] = json!(resolved.revision);
    Ok(Json(view))
}
