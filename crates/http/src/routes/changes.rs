//! The history of a document's zones: what was done, how it was then, what differs, and undoing it.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_db::{CallerScope, Tx};
use colophon_domain::{AsOf, ChangeFilter, DocumentId, Invalid, JobId, Moment, ZoneId};
use colophon_formats::history::{ChangeView, ChangeWithZonesView, DiffView, UndoneView, ZoneEventView};
use colophon_formats::views::ListView;
use colophon_formats::words::Words;
use colophon_service::Error;
use colophon_service::history::{self, Difference};
use colophon_service::undo::{self, Selection, Undone};
use jiff::Timestamp;
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Body, Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/changes", get(list))
        .route("/v1/documents/{id}/changes/{revision}", get(show))
        .route("/v1/documents/{id}/diff", get(diff))
        .route("/v1/documents/{id}/undo", post(undo_changes))
        .route("/v1/documents/{id}/zones/{zone_id}/history", get(zone_history))
}

#[derive(Debug, Deserialize)]
struct ListParams {
    job_id: Option<JobId>,
    changed_by: Option<String>,
    kind: Option<String>,
    since: Option<Timestamp>,
    limit: Option<u16>,
    cursor: Option<i64>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<ChangeView>>, Problem> {
    if params.changed_by.as_deref().is_some_and(|person| person.contains('\0')) {
        return Err(Problem::bad_request("invalid_query", "changed_by: holds U+0000, which no name has"));
    }
    let filter = ChangeFilter {
        job_id: params.job_id,
        changed_by: params.changed_by,
        kind: parse(params.kind.as_deref())?,
        since: params.since,
    };
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let list = tx.changes().list(id, &filter, params.cursor, limit(params.limit)?).await?;
    if list.items.is_empty() {
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    }
    tx.commit().await?;
    Ok(Json(list.into()))
}

#[derive(Debug, Deserialize)]
struct PartParams {
    limit: Option<u16>,
    cursor: Option<String>,
}

/// What a change did, zone by zone.
async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids((id, revision)): Ids<(DocumentId, i64)>,
    headers: HeaderMap,
    Params(params): Params<PartParams>,
) -> Result<Response, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let change = tx.changes().get_many(id, &[revision]).await?.pop();
    tx.commit().await?;
    let change = change.ok_or_else(|| Problem::not_found(format!("change {revision} of document {id}")))?;
    let span = (AsOf::Revision(revision - 1), AsOf::Revision(revision));
    let (after, limit) = (parse(params.cursor.as_deref())?, limit(params.limit)?);
    let difference = history::diff(&app.platform, &caller.scope, id, span, after, limit).await?;
    if wants_words(&headers) {
        return Ok(in_words(&difference));
    }
    let zones = diff_view(&difference);
    Ok(Json(ChangeWithZonesView { change: change.into(), zones }).into_response())
}

#[derive(Debug, Deserialize)]
struct DiffParams {
    from: String,
    to: String,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// What differs between two points of the history, in JSON or (`Accept: text/plain`) in words.
async fn diff(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    headers: HeaderMap,
    Params(params): Params<DiffParams>,
) -> Result<Response, Problem> {
    let span = (point("from", &params.from)?, point("to", &params.to)?);
    let (after, limit) = (parse(params.cursor.as_deref())?, limit(params.limit)?);
    let difference = history::diff(&app.platform, &caller.scope, id, span, after, limit).await;
    let difference = difference.map_err(of_query)?;
    if wants_words(&headers) {
        return Ok(in_words(&difference));
    }
    Ok(Json(diff_view(&difference)).into_response())
}

/// What was done to one zone, the newest first; also to one that is gone.
async fn zone_history(
    State(app): State<App>,
    caller: Caller,
    Ids((document, zone)): Ids<(DocumentId, ZoneId)>,
    Params(params): Params<HistoryParams>,
) -> Result<Json<ListView<ZoneEventView>>, Problem> {
    let limit = limit(params.limit)?;
    let events = history::of_zone(&app.platform, &caller.scope, document, zone, params.cursor, limit).await?;
    if events.items.is_empty() && params.cursor.is_none() {
        return Err(Problem::not_found(format!("zone {zone}")));
    }
    let mut words = Words::default();
    let view =
        |event: history::ZoneEvent| ZoneEventView::new(event.revision, &event.diff, event.change, &mut words);
    let next_cursor = events.next_cursor.map(|cursor| cursor.to_string());
    Ok(Json(ListView { items: events.items.into_iter().map(view).collect(), next_cursor }))
}

#[derive(Debug, Deserialize)]
struct HistoryParams {
    limit: Option<u16>,
    cursor: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UndoBody {
    revisions: Option<Vec<i64>>,
    job_id: Option<JobId>,
    changed_by: Option<String>,
    since: Option<Timestamp>,
    reason: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

/// Undoes changes, as one change that can be undone itself.
async fn undo_changes(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Body(body): Body<UndoBody>,
) -> Result<Json<UndoneView>, Problem> {
    let UndoBody { reason, dry_run, .. } = body;
    let selection = match (body.revisions, body.job_id, body.changed_by, body.since) {
        (Some(revisions), None, None, None) => Selection::Revisions(revisions),
        (None, Some(job), None, None) => Selection::Job(job),
        (None, None, Some(changed_by), Some(since)) => Selection::Person { changed_by, since },
        _ => {
            let reason = "must be named one way: revisions, or job_id, or changed_by and since";
            return Err(Invalid::new("revisions", reason).into());
        }
    };
    let undone = undo::undo(&app.platform, &caller.scope, id, &selection, reason, dry_run).await?;
    Ok(Json(undone_view(undone, dry_run)))
}

/// Where `?as_of=` of a list or a zone lies; none, where the present is asked for.
pub async fn moment(
    tx: &Tx<CallerScope>,
    document: DocumentId,
    as_of: Option<&str>,
) -> Result<Option<Moment>, Problem> {
    let Some(as_of) = as_of else { return Ok(None) };
    let as_of = point("as_of", as_of)?;
    history::moment(tx, document, "as_of", as_of).await.map(Some).map_err(of_query)
}

fn point(parameter: &str, text: &str) -> Result<AsOf, Problem> {
    text.parse().map_err(|invalid: Invalid| {
        Problem::bad_request("invalid_query", format!("{parameter}: {}", invalid.reason))
    })
}

/// A point that is still to come was asked for in the query.
fn of_query(error: Error) -> Problem {
    match error {
        Error::Invalid(invalid) => Problem::bad_request("invalid_query", invalid.to_string()),
        other => other.into(),
    }
}

fn wants_words(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let first = accept.split([',', ';']).next().unwrap_or_default();
    first.trim().eq_ignore_ascii_case("text/plain")
}

fn in_words(difference: &Difference) -> Response {
    let mut words = Words::default();
    let mut lines: Vec<String> = difference.zones.items.iter().map(|zone| words.line(zone)).collect();
    lines.extend(difference.zones.next_cursor.map(|cursor| format!("… and more: cursor={cursor}")));
    lines.push(String::new());
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::VARY, "accept")];
    (headers, lines.join("\n")).into_response()
}

fn diff_view(difference: &Difference) -> DiffView {
    let span = (difference.from.revision, difference.to.revision);
    DiffView::new(span, difference.counts, &difference.zones, &mut Words::default())
}

fn undone_view(undone: Undone, dry_run: bool) -> UndoneView {
    UndoneView::new(
        (undone.revision, undone.revisions, dry_run),
        (undone.restored, undone.removed, undone.changed),
        (undone.kept, &undone.kept_by),
        undone.reindexed,
    )
}
