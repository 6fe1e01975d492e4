//! Schedules of recurring jobs.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use colophon_db::{ErrorKind, Scope as _};
use colophon_domain::{
    Cron, DocumentId, Invalid, JobRequest, JobSchedule, NewSchedule, ScheduleId, Strategy, Units,
};
use colophon_formats::views::{ListView, ScheduleView};
use colophon_service::{Error, schedules};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::jobs::request::pages;
use super::upload::idempotency_key;
use crate::auth::Caller;
use crate::query::{Body, Ids};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/schedules", get(list).post(create))
        .route("/v1/documents/{id}/schedules/{schedule_id}", get(show).patch(change).delete(delete))
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CreateSchedule {
    cron: String,
    time_zone: Option<String>,
    name: Option<String>,
    strategy: Option<String>,
    options: Option<Map<String, Value>>,
    /// `"1-3,7"`, or a list of numbers and of such ranges.
    pages: Option<Value>,
    queue: Option<String>,
    priority: Option<i16>,
    max_attempts: Option<i16>,
    timeout_seconds: Option<i32>,
    enabled: Option<bool>,
}

impl CreateSchedule {
    /// A schedule as one could ask for it.
    fn of(schedule: &JobSchedule) -> Self {
        Self {
            cron: schedule.cron.clone(),
            time_zone: Some(schedule.time_zone.clone()),
            name: schedule.name.clone(),
            strategy: Some(schedule.strategy.clone()),
            options: Some(schedule.options.clone()),
            pages: schedule.page_numbers.as_ref().map(|pages| json!(pages)),
            queue: Some(schedule.queue.clone()),
            priority: Some(schedule.priority),
            max_attempts: Some(schedule.max_attempts),
            timeout_seconds: schedule.timeout_seconds,
            enabled: Some(schedule.enabled),
        }
    }

    fn into_new(self, created_by: Option<String>) -> Result<NewSchedule, Invalid> {
        let whole = JobRequest::new(self.strategy.unwrap_or_else(|| Strategy::TextLayer.as_str().to_owned()));
        Ok(NewSchedule {
            name: self.name,
            cron: Cron::new(&self.cron, self.time_zone.as_deref().unwrap_or("UTC"))?,
            job: JobRequest {
                options: self.options.unwrap_or_default(),
                units: Units::named(self.pages.as_ref().map(pages).transpose()?, None)?,
                priority: self.priority.unwrap_or(whole.priority),
                queue: self.queue.unwrap_or_else(|| whole.queue.clone()),
                max_attempts: self.max_attempts.unwrap_or(whole.max_attempts),
                timeout_seconds: self.timeout_seconds,
                created_by,
                ..whole
            },
            enabled: self.enabled.unwrap_or(true),
        })
    }
}

/// 201 with the schedule; 200 where it was asked for before.
async fn create(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    headers: HeaderMap,
    Body(body): Body<CreateSchedule>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    // What the platform makes is nobody's: no share of anybody ends it.
    let created_by = caller.scope.person().map(|person| person.to_string());
    let new = body.into_new(created_by)?;
    let made = schedules::create(&app.platform, &caller.scope, document, &new, key.as_deref()).await;
    let made = made.map_err(|error| explained(error, document))?;
    let location = format!("/v1/documents/{document}/schedules/{}", made.schedule.id);
    let status = if made.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, view(made.schedule)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
) -> Result<Json<ListView<ScheduleView>>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let found = tx.job_schedules().list(document).await?;
    if found.is_empty() && tx.documents().get(document).await?.is_none() {
        return Err(Problem::not_found(format!("document {document}")));
    }
    tx.commit().await?;
    let now = Timestamp::now();
    let items = found.into_iter().map(|schedule| ScheduleView::new(schedule, now)).collect();
    Ok(Json(ListView { items, next_cursor: None }))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids((document, id)): Ids<(DocumentId, ScheduleId)>,
) -> Result<Json<ScheduleView>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let found = tx.job_schedules().get(document, id).await?;
    tx.commit().await?;
    Ok(view(found.ok_or_else(|| Problem::not_found(format!("schedule {id}")))?))
}

/// Each field that is named takes the place of what the schedule says; null takes it back to what it is unless said.
async fn change(
    State(app): State<App>,
    caller: Caller,
    Ids((document, id)): Ids<(DocumentId, ScheduleId)>,
    Body(fields): Body<Map<String, Value>>,
) -> Result<Json<ScheduleView>, Problem> {
    let changed = schedules::change(&app.platform, &caller.scope, document, id, |stored| {
        let mut whole = json!(CreateSchedule::of(stored));
        if let Some(whole) = whole.as_object_mut() {
            whole.extend(fields);
            whole.retain(|_, value| !value.is_null());
        }
        let body: CreateSchedule = serde_json::from_value(whole)
            .map_err(|error| Missing::Said(Problem::bad_request("invalid_json", error.to_string())))?;
        body.into_new(stored.created_by.clone()).map_err(|invalid| Missing::Said(invalid.into()))
    });
    Ok(view(changed.await.map_err(|error| error.of(id))?))
}

async fn delete(
    State(app): State<App>,
    caller: Caller,
    Ids((document, id)): Ids<(DocumentId, ScheduleId)>,
) -> Result<StatusCode, Problem> {
    let deleted = schedules::delete(&app.platform, &caller.scope, document, id).await;
    deleted.map_err(|error| Missing::Asked(error).of(id))?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(schedule: JobSchedule) -> Json<ScheduleView> {
    Json(ScheduleView::new(schedule, Timestamp::now()))
}

/// What cannot be made.
fn explained(error: Error, document: DocumentId) -> Problem {
    match &error {
        Error::Database(e) if *e.kind() == ErrorKind::NotFound => {
            Problem::not_found(format!("document {document}"))
        }
        Error::Database(e) if *e.kind() == ErrorKind::Forbidden => {
            let detail = format!(
                "schedules of document {document} are made by whoever may edit it; ask its owner for that"
            );
            Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
        }
        Error::Database(e) if *e.kind() == ErrorKind::Invalid("job_schedules_count_check".to_owned()) => {
            let detail =
                format!("document {document} has 20 schedules, the most that one may have; delete one first");
            Problem::new(StatusCode::CONFLICT, "too_many_schedules", detail)
        }
        _ => error.into(),
    }
}

/// Why a schedule was not changed.
enum Missing {
    Asked(Error),
    Said(Problem),
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self::Asked(error)
    }
}

impl Missing {
    /// A schedule that the caller may not see is not there.
    fn of(self, id: ScheduleId) -> Problem {
        match self {
            Self::Asked(Error::Database(e)) if *e.kind() == ErrorKind::NotFound => {
                Problem::not_found(format!("schedule {id}"))
            }
            Self::Asked(error) => error.into(),
            Self::Said(problem) => problem,
        }
    }
}
