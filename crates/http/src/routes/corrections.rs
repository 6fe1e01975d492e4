//! Corrections: zones are changed, deleted, accepted, split and merged, and what was put down about it is read.

mod replay;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use colophon_domain::corrections::checked_reason;
use colophon_domain::geometry::Frame;
use colophon_domain::{CorrectionFilter, CorrectionType, DocumentId, ZoneEdit, ZoneId};
use colophon_formats::corrections::{self as bodies, Edit};
use colophon_formats::views::{CorrectionView, ListView, ZoneView};
use colophon_service::corrections::{self, Asked, Done, Sight};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::upload::idempotency_key;
use crate::auth::Caller;
use crate::query::{Body, Ids, Params, limit, parse};
use crate::{App, Problem, revision};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/zones/{zone_id}", patch(change).delete(delete))
        .route("/v1/documents/{id}/zones/{zone_id}/corrections", get(list_of_zone).post(correct))
        .route("/v1/documents/{id}/corrections", get(list))
        .route("/v1/documents/{id}/corrections/replay", post(replay::replay))
}

/// A zone after an edit.
#[derive(Debug, Serialize)]
struct EditedZoneView {
    #[serde(flatten)]
    zone: ZoneView,
    /// Whether others changed it since the revision that `If-Match` names, and both are kept.
    merged: bool,
}

/// What a correction did.
#[derive(Debug, Serialize)]
struct CorrectedView {
    /// What was put down; empty where the zone was so already.
    corrections: Vec<CorrectionView>,
    /// The zone afterwards, the one that a merge made, or the first part of a split; null once deleted.
    zone: Option<ZoneView>,
    /// The zones that a split or a merge made.
    zones: Vec<ZoneView>,
    merged: bool,
    zones_revision: i64,
}

impl From<Done> for CorrectedView {
    fn from(done: Done) -> Self {
        Self {
            corrections: done.corrections.into_iter().map(CorrectionView::from).collect(),
            zone: done.zone.map(ZoneView::from),
            zones: done.made.into_iter().map(ZoneView::from).collect(),
            merged: done.merged,
            zones_revision: done.zones_revision,
        }
    }
}

/// `If-Match` names the revision that was seen. What others did since is kept where the two do not touch; where they
/// do, the answer has both sides (412).
async fn change(
    State(app): State<App>,
    caller: Caller,
    Ids((document, zone)): Ids<(DocumentId, ZoneId)>,
    headers: HeaderMap,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let asked = asked(zone, &headers, bodies::change(body)?)?;
    let done = corrections::correct(&app.platform, &caller.scope, document, &asked).await?;
    let (zone, merged) = (done.zone.ok_or_else(|| gone(zone))?, done.merged);
    Ok(revision::tagged(zone.revision, EditedZoneView { zone: zone.into(), merged }))
}

#[derive(Debug, Deserialize)]
struct DeleteParams {
    reason: Option<String>,
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Ids((document, zone)): Ids<(DocumentId, ZoneId)>,
    Params(params): Params<DeleteParams>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let reason = params.reason.map(checked_reason).transpose()?;
    let asked = asked(zone, &headers, Edit { edit: ZoneEdit::Delete, reason, frame: Frame::default() })?;
    corrections::correct(&app.platform, &caller.scope, document, &asked).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn correct(
    State(app): State<App>,
    caller: Caller,
    Ids((document, zone)): Ids<(DocumentId, ZoneId)>,
    headers: HeaderMap,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let asked = asked(zone, &headers, bodies::correction(body)?)?;
    if caller.user.is_none() {
        return Err(colophon_service::Error::NoPerson.into());
    }
    let done = corrections::correct(&app.platform, &caller.scope, document, &asked).await?;
    let new = !done.repeated && !done.corrections.is_empty();
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(CorrectedView::from(done))).into_response())
}

fn asked(zone: ZoneId, headers: &HeaderMap, edit: Edit) -> Result<Asked, Problem> {
    let (seen, key) = (Sight::Seen(revision::seen(headers)), idempotency_key(headers)?);
    Ok(Asked { zone, seen, edit: edit.edit, frame: edit.frame, reason: edit.reason, key })
}

fn gone(zone: ZoneId) -> Problem {
    Problem::not_found(format!("zone {zone} any more"))
}

#[derive(Debug, Deserialize)]
struct ListParams {
    corrected_by: Option<String>,
    #[serde(rename = "type")]
    correction_type: Option<String>,
    since: Option<Timestamp>,
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<CorrectionView>>, Problem> {
    list_of(&app, &caller, document, None, params).await
}

/// Also of a zone that is gone.
async fn list_of_zone(
    State(app): State<App>,
    caller: Caller,
    Ids((document, zone)): Ids<(DocumentId, ZoneId)>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<CorrectionView>>, Problem> {
    list_of(&app, &caller, document, Some(zone), params).await
}

async fn list_of(
    app: &App,
    caller: &Caller,
    document: DocumentId,
    zone_id: Option<ZoneId>,
    params: ListParams,
) -> Result<Json<ListView<CorrectionView>>, Problem> {
    let (cursor, limit) = (parse(params.cursor.as_deref())?, limit(params.limit)?);
    let correction_type = parse::<CorrectionType>(params.correction_type.as_deref())?;
    if params.corrected_by.as_deref().is_some_and(|person| person.contains('\0')) {
        return Err(Problem::bad_request("invalid_query", "corrected_by: holds U+0000"));
    }
    let (corrected_by, since) = (params.corrected_by, params.since);
    let filter = CorrectionFilter { zone_id, corrected_by, correction_type, since };
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let list = tx.corrections().list(document, &filter, cursor, limit).await?;
    if list.items.is_empty() {
        tx.documents().require(document).await?;
        // A zone that never was is not there; one that is gone has a history.
        if let Some(zone) = zone_id
            && tx.zones().get(document, zone).await?.is_none()
            && tx.corrections().before(document, zone, None).await?.is_none()
        {
            return Err(Problem::not_found(format!("zone {zone}")));
        }
    }
    tx.commit().await?;
    Ok(Json(list.into()))
}
