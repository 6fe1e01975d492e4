//! `/v1/calibration`: how far a tool's confidence can be relied on, over the documents that the caller may see.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use colophon_domain::CalibrationFilter;
use colophon_domain::calibration::calibrate;
use colophon_formats::views::{CalibrationView, ListView};
use jiff::Timestamp;
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::Params;
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new().route("/v1/calibration", get(show))
}

#[derive(Debug, Deserialize)]
struct CalibrationParams {
    tool: Option<String>,
    model: Option<String>,
    #[serde(rename = "type")]
    zone_type: Option<String>,
    since: Option<String>,
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<CalibrationParams>,
) -> Result<Json<ListView<CalibrationView>>, Problem> {
    let CalibrationParams { tool, model, zone_type, since } = params;
    if [&tool, &model, &zone_type].into_iter().flatten().any(|name| name.contains('\0')) {
        return Err(Problem::bad_request("invalid_query", "a name holds U+0000, which no stored text can"));
    }
    let refuse = |_| {
        let detail = "since: is no time; say it as 2026-11-23T00:00:00Z";
        Problem::bad_request("invalid_query", detail)
    };
    let since = since.map(|since| since.parse::<Timestamp>().map_err(refuse)).transpose()?;
    let filter = CalibrationFilter { processing_tool: tool, processing_model: model, zone_type, since };
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let verdicts = tx.calibration().verdicts(&filter).await?;
    tx.commit().await?;
    let items = calibrate(&verdicts).into_iter().map(CalibrationView::from).collect();
    Ok(Json(ListView { items, next_cursor: None }))
}
