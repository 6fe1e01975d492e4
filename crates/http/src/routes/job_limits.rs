//! How many jobs of a strategy, or of an owner, may run at once.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use colophon_db::{CallerScope, SystemScope};
use colophon_domain::{JobLimit, LimitKind};
use colophon_formats::views::{JobLimitView, ListView};
use colophon_service::jobs::{remove_limit, set_limit};
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Body, Ids};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/job-limits", get(list))
        .route("/v1/job-limits/{kind}/{name}", get(show).put(set).delete(remove))
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<ListView<JobLimitView>>, Problem> {
    let tx = app.platform.database.session(system(&caller)?).begin().await?;
    let limits = tx.job_limits().list().await?;
    tx.commit().await?;
    Ok(Json(ListView { items: limits.into_iter().map(JobLimitView::from).collect(), next_cursor: None }))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids((kind, name)): Ids<(String, String)>,
) -> Result<Json<JobLimitView>, Problem> {
    let scope = system(&caller)?;
    let (kind, stored) = (kind_of(&kind)?, JobLimit::stored_name(&name)?);
    let tx = app.platform.database.session(scope).begin().await?;
    let limit = tx.job_limits().get(kind, stored).await?;
    tx.commit().await?;
    Ok(Json(limit.ok_or_else(|| no_limit(kind, &name))?.into()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    max_running: i32,
}

async fn set(
    State(app): State<App>,
    caller: Caller,
    Ids((kind, name)): Ids<(String, String)>,
    Body(limit): Body<Limit>,
) -> Result<Json<JobLimitView>, Problem> {
    let scope = system(&caller)?;
    let limit = JobLimit::new(kind_of(&kind)?, &name, limit.max_running)?;
    set_limit(&app.platform, scope, &limit).await?;
    Ok(Json(limit.into()))
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Ids((kind, name)): Ids<(String, String)>,
) -> Result<StatusCode, Problem> {
    let scope = system(&caller)?;
    let kind = kind_of(&kind)?;
    if !remove_limit(&app.platform, scope, kind, &name).await? {
        return Err(no_limit(kind, &name));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn kind_of(kind: &str) -> Result<LimitKind, Problem> {
    kind.parse().map_err(|_| Problem::not_found(format!("kind of limit {kind:?} (strategy, owner)")))
}

fn no_limit(kind: LimitKind, name: &str) -> Problem {
    Problem::not_found(format!("limit of {} {name:?}", kind.as_str()))
}

/// Queues and limits are the platform's.
pub fn system(caller: &Caller) -> Result<&SystemScope, Problem> {
    match &caller.scope {
        CallerScope::Service(scope) => Ok(scope),
        CallerScope::User(_) => {
            let detail = "queues and limits are the platform's: use a token of the role service_role";
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
        }
    }
}
