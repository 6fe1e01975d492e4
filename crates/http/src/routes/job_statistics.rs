//! `/v1/jobs/statistics`: what attempts took, over the documents that the caller may see.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use colophon_domain::statistics::summarize;
use colophon_domain::{Period, StatisticsBy};
use colophon_formats::views::JobStatisticsListView;
use jiff::Timestamp;
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Params, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new().route("/v1/jobs/statistics", get(show))
}

#[derive(Debug, Deserialize)]
struct StatisticsParams {
    from: Option<String>,
    to: Option<String>,
    by: Option<String>,
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<StatisticsParams>,
) -> Result<Json<JobStatisticsListView>, Problem> {
    let by = parse(params.by.as_deref())?.unwrap_or(StatisticsBy::DEFAULT);
    let period = Period::new(params.from.as_deref(), params.to.as_deref(), Timestamp::now())
        .map_err(|invalid| Problem::bad_request("invalid_query", invalid.to_string()))?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let rows = tx.statistics().read(period.since, period.until, by).await?;
    tx.commit().await?;
    Ok(Json(JobStatisticsListView::new(period, summarize(&rows, by))))
}
