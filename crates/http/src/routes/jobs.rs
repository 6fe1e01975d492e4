//! Jobs: ask for one, list, read, and what became of it.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_domain::{DocumentId, Job, JobFilter, JobId, Strategy};
use colophon_formats::views::{
    AttemptView, HistoryEntryView, JobPageView, JobView, JobWithPagesView, JobZoneView, ListView,
};
use colophon_service::jobs::{Request, request};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::auth::Caller;
use crate::query::{Body, Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/jobs", post(create))
        .route("/v1/jobs", get(list))
        .route("/v1/jobs/{id}", get(show))
        .route("/v1/jobs/{id}/attempts", get(attempts))
        .route("/v1/jobs/{id}/history", get(history))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateJob {
    strategy: Option<String>,
    #[serde(default)]
    options: Map<String, Value>,
    priority: Option<i16>,
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Body(body): Body<CreateJob>,
) -> Result<Response, Problem> {
    let strategy = match body.strategy.as_deref() {
        Some(strategy) => strategy.parse()?,
        None => Strategy::TextLayer,
    };
    let asked = Request {
        strategy,
        options: body.options,
        priority: body.priority.unwrap_or(2),
        created_by: caller.name(),
    };
    let job = request(&app.platform, &caller.scope, document, asked).await?;
    let location = HeaderValue::from_str(&format!("/v1/jobs/{}", job.id)).ok();
    let mut response = (StatusCode::ACCEPTED, Json(JobView::from(job))).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

#[derive(Debug, Deserialize)]
struct ListParams {
    status: Option<String>,
    document_id: Option<DocumentId>,
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<JobView>>, Problem> {
    let filter = JobFilter { status: parse(params.status.as_deref())?, document_id: params.document_id };
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let list = tx.jobs().list(&filter, parse(params.cursor.as_deref())?, limit(params.limit)?).await?;
    tx.commit().await?;
    Ok(Json(list.into()))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<JobId>,
) -> Result<Json<JobWithPagesView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let job = found(tx.jobs().get(id).await?, id)?;
    let pages = tx.jobs().pages(job.document_id, id).await?;
    let zones = match job.zone_ids {
        Some(_) => tx.jobs().zones(job.document_id, id).await?,
        None => Vec::new(),
    };
    tx.commit().await?;
    Ok(Json(JobWithPagesView {
        job: job.into(),
        pages: pages.into_iter().map(JobPageView::from).collect(),
        zones: zones.into_iter().map(JobZoneView::from).collect(),
    }))
}

async fn attempts(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<JobId>,
) -> Result<Json<ListView<AttemptView>>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let job = found(tx.jobs().get(id).await?, id)?;
    let attempts = tx.jobs().attempts(job.document_id, id).await?;
    tx.commit().await?;
    Ok(Json(ListView { items: attempts.into_iter().map(AttemptView::from).collect(), next_cursor: None }))
}

async fn history(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<JobId>,
) -> Result<Json<ListView<HistoryEntryView>>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let job = found(tx.jobs().get(id).await?, id)?;
    let history = tx.jobs().history(job.document_id, id).await?;
    tx.commit().await?;
    Ok(Json(ListView { items: history.into_iter().map(HistoryEntryView::from).collect(), next_cursor: None }))
}

fn found(job: Option<Job>, id: JobId) -> Result<Job, Problem> {
    job.ok_or_else(|| Problem::not_found(format!("job {id}")))
}
