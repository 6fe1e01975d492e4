//! Queues as a whole: what waits in each, and whether it rests.

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_formats::views::{ListView, QueueView};
use colophon_service::jobs::{pause_queue, resume_queue};
use serde::Deserialize;

use super::job_limits::system;
use crate::auth::Caller;
use crate::query::Ids;
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/queues", get(list))
        .route("/v1/queues/{queue}/pause", post(pause))
        .route("/v1/queues/{queue}/resume", post(resume))
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<ListView<QueueView>>, Problem> {
    let tx = app.platform.database.session(system(&caller)?).begin().await?;
    let queues = tx.queues().list().await?;
    tx.commit().await?;
    Ok(Json(ListView { items: queues.into_iter().map(QueueView::from).collect(), next_cursor: None }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pause {
    reason: Option<String>,
}

/// The body, which says why, may be left out.
async fn pause(
    State(app): State<App>,
    caller: Caller,
    Ids(queue): Ids<String>,
    body: Bytes,
) -> Result<Json<QueueView>, Problem> {
    let scope = system(&caller)?;
    let said: Pause = if body.is_empty() {
        Pause::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|error| Problem::bad_request("invalid_json", error.to_string()))?
    };
    let (reason, by) = (said.reason.as_deref(), caller.name());
    Ok(Json(pause_queue(&app.platform, scope, &queue, reason, by.as_deref()).await?.into()))
}

async fn resume(
    State(app): State<App>,
    caller: Caller,
    Ids(queue): Ids<String>,
) -> Result<Json<QueueView>, Problem> {
    Ok(Json(resume_queue(&app.platform, system(&caller)?, &queue).await?.into()))
}
