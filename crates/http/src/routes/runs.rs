//! `POST /v1/documents/{id}/runs`: what a tool found on some pages, in the place of what tools said of them before.

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use colophon_domain::geometry::OutsideThePage;
use colophon_domain::job_requests::parse_pages;
use colophon_domain::vocabularies::Vocabulary;
use colophon_domain::{DocumentId, Invalid, JobId};
use colophon_formats::given::Reading;
use colophon_service::run::{self, Replaces, Report, Run};
use serde::Deserialize;
use serde_json::{Value, json};

use super::upload::breakable;
use crate::auth::Caller;
use crate::query::{Ids, Params, parse};
use crate::spool::spool;
use crate::{App, Problem};

/// Bytes of zones that one request may bring.
const RUN_LIMIT: u64 = 1 << 30;

pub fn router() -> Router<App> {
    Router::new().route("/v1/documents/{id}/runs", post(deliver).layer(DefaultBodyLimit::disable()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunParams {
    version: Option<i32>,
    pages: Option<String>,
    tool: Option<String>,
    model: Option<String>,
    job_id: Option<JobId>,
    frame: Option<String>,
    vocabulary: Option<String>,
    #[serde(default)]
    clamp: bool,
    replaces: Option<String>,
    reason: Option<String>,
}

async fn deliver(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Params(params): Params<RunParams>,
    request: Request,
) -> Result<Response, Problem> {
    let (run, reading) = run_of(document, params)?;
    // Whoever may not edit it is refused before the body is read.
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    tx.documents().lock_to_edit(document).await?;
    drop(tx);
    let body = spool(breakable(request.into_body(), app.broken_off.clone()), RUN_LIMIT).await?;
    // A task of its own: when the caller goes away, the run is stored or not stored, and not left to chance.
    let work =
        tokio::spawn(async move { run::deliver(&app.platform, &caller.scope, run, reading, body).await });
    let report = work.await.map_err(|error| {
        let detail = format!("the run broke off: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    })??;
    Ok(Json(view(&report)).into_response())
}

pub fn view(report: &Report) -> Value {
    json!({
        "revision": report.revision, "inserted": report.inserted, "updated": report.updated,
        "unchanged": report.unchanged, "deleted": report.deleted, "outcomes": report.outcomes,
        "waiting": report.waiting(),
    })
}

fn run_of(document: DocumentId, params: RunParams) -> Result<(Run, Reading), Problem> {
    let named = |field: &'static str, text: Option<String>, most: usize| match text {
        Some(text) if text.is_empty() || text.chars().count() > most || text.contains('\0') => {
            Err(Invalid::new(field, format!("must be 1 to {most} characters")))
        }
        text => Ok(text),
    };
    let run = Run {
        document,
        version: params.version,
        pages: params.pages.as_deref().map(parse_pages).transpose()?.unwrap_or_default(),
        tool: named("tool", params.tool, 100)?,
        model: named("model", params.model, 100)?,
        job: params.job_id,
        reason: named("reason", params.reason, 1_000)?,
        replaces: parse(params.replaces.as_deref())?.unwrap_or(Replaces::EveryTool),
    };
    let reading = Reading {
        frame: parse(params.frame.as_deref())?.unwrap_or_default(),
        vocabulary: parse::<Vocabulary>(params.vocabulary.as_deref())?,
        outside: outside(params.clamp),
        ..Reading::default()
    };
    Ok((run, reading))
}

pub fn outside(clamp: bool) -> OutsideThePage {
    if clamp { OutsideThePage::Clamp } else { OutsideThePage::Refuse }
}
