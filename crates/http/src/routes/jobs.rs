//! Jobs: ask for one, list, read, what became of it, and a word about it.

pub mod request;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_db::ErrorKind;
use colophon_domain::{DocumentId, Job, JobFilter, JobId};
use colophon_formats::views::{
    AttemptView, HistoryEntryView, JobPageView, JobView, JobWithPagesView, JobZoneView, ListView,
};
use colophon_service::Error;
use colophon_service::jobs::Control;
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/jobs", post(request::create))
        .route("/v1/jobs", get(list).post(request::create_many))
        .route("/v1/jobs/{id}", get(show))
        .route("/v1/jobs/{id}/attempts", get(attempts))
        .route("/v1/jobs/{id}/history", get(history))
        .route("/v1/jobs/{id}/cancel", post(cancel))
        .route("/v1/jobs/{id}/retry", post(retry))
        .route("/v1/jobs/{id}/pause", post(pause))
        .route("/v1/jobs/{id}/resume", post(resume))
}

async fn cancel(app: State<App>, caller: Caller, id: Ids<JobId>) -> Result<Json<JobView>, Problem> {
    control(app, caller, id, Control::Cancel).await
}

async fn retry(app: State<App>, caller: Caller, id: Ids<JobId>) -> Result<Json<JobView>, Problem> {
    control(app, caller, id, Control::Retry).await
}

async fn pause(app: State<App>, caller: Caller, id: Ids<JobId>) -> Result<Json<JobView>, Problem> {
    control(app, caller, id, Control::Pause).await
}

async fn resume(app: State<App>, caller: Caller, id: Ids<JobId>) -> Result<Json<JobView>, Problem> {
    control(app, caller, id, Control::Resume).await
}

async fn control(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<JobId>,
    asked: Control,
) -> Result<Json<JobView>, Problem> {
    let job = colophon_service::jobs::control(&app.platform, &caller.scope, id, asked).await;
    Ok(Json(job.map_err(|error| missing(error, id))?.into()))
}

/// A job that the caller may not see is not there.
fn missing(error: Error, id: JobId) -> Problem {
    match error {
        Error::Database(error) if *error.kind() == ErrorKind::NotFound => {
            Problem::not_found(format!("job {id}"))
        }
        error => error.into(),
    }
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
