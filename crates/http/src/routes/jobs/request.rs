//! Jobs are asked for: one for a document, or many at once.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use colophon_domain::job_requests::parse_pages;
use colophon_domain::{DocumentId, Invalid, JobId, JobRequest, Strategy, Units, ZoneId};
use colophon_formats::views::{JobView, ListView, RequestedJobView};
use colophon_service::Error;
use colophon_service::jobs::{RefusedJob, request, request_many};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::auth::Caller;
use crate::query::{Body, Ids};
use crate::routes::upload::idempotency_key;
use crate::{App, Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateJob {
    /// Among many: which document. Else the path says it.
    document_id: Option<DocumentId>,
    strategy: Option<String>,
    #[serde(default)]
    options: Map<String, Value>,
    /// `"1-3,7"`, or a list of numbers and of such ranges.
    pages: Option<Value>,
    zones: Option<Vec<ZoneId>>,
    priority: Option<i16>,
    queue: Option<String>,
    run_at: Option<Timestamp>,
    timeout_seconds: Option<i32>,
    job_key: Option<String>,
    #[serde(default)]
    depends_on: Vec<JobId>,
    max_attempts: Option<i16>,
}

impl CreateJob {
    fn into_request(self, caller: &Caller) -> Result<JobRequest, Invalid> {
        let pages = self.pages.as_ref().map(pages).transpose()?;
        let strategy = self.strategy.unwrap_or_else(|| Strategy::TextLayer.as_str().to_owned());
        let whole = JobRequest::new(strategy);
        Ok(JobRequest {
            options: self.options,
            units: Units::named(pages, self.zones)?,
            priority: self.priority.unwrap_or(whole.priority),
            queue: self.queue.unwrap_or_else(|| whole.queue.clone()),
            max_attempts: self.max_attempts.unwrap_or(whole.max_attempts),
            run_at: self.run_at,
            timeout_seconds: self.timeout_seconds,
            job_key: self.job_key,
            depends_on: self.depends_on,
            created_by: caller.name(),
            ..whole
        })
    }
}

/// Page numbers, in words or as a list.
pub fn pages(asked: &Value) -> Result<Vec<i32>, Invalid> {
    let wrong = || Invalid::new("pages", format!("{asked} is neither \"1-3,7\" nor a list of page numbers"));
    match asked {
        Value::String(text) => parse_pages(text),
        Value::Array(items) => {
            let mut pages = Vec::with_capacity(items.len());
            for item in items {
                match item {
                    Value::String(text) => pages.extend(parse_pages(text)?),
                    item => {
                        let page = item.as_i64().and_then(|page| i32::try_from(page).ok());
                        pages.push(page.ok_or_else(wrong)?);
                    }
                }
            }
            Ok(pages)
        }
        _ => Err(wrong()),
    }
}

/// 202 with the job; 200 where it was there already.
pub async fn create(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    headers: HeaderMap,
    Body(body): Body<CreateJob>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    if body.document_id.is_some_and(|named| named != document) {
        return Err(Invalid::new("document_id", "is not the document of the path; leave it out").into());
    }
    let asked = body.into_request(&caller)?;
    let requested = request(&app.platform, &caller.scope, document, &asked, key.as_deref()).await?;
    let location = HeaderValue::from_str(&format!("/v1/jobs/{}", requested.job.id)).ok();
    let status = if requested.is_new { StatusCode::ACCEPTED } else { StatusCode::OK };
    let mut response = (status, Json(JobView::from(requested.job))).into_response();
    if let Some(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// 202 with the jobs in the order in which they were asked for; 200 where all were there already.
pub async fn create_many(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(bodies): Body<Vec<CreateJob>>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let mut asked = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.into_iter().enumerate() {
        let refused = |invalid: Invalid| {
            Problem::from(Error::JobsRefused {
                items: vec![RefusedJob { index, reason: invalid.to_string() }],
            })
        };
        let document = body.document_id;
        let document = document.ok_or_else(|| Invalid::new("document_id", "is missing: which document?"));
        asked.push((document.map_err(refused)?, body.into_request(&caller).map_err(refused)?));
    }
    let requested = request_many(&app.platform, &caller.scope, &asked, key.as_deref()).await?;
    let is_any_new = requested.iter().any(|requested| requested.is_new);
    let status = if is_any_new { StatusCode::ACCEPTED } else { StatusCode::OK };
    let items = requested
        .into_iter()
        .map(|requested| RequestedJobView { created: requested.is_new, job: requested.job.into() })
        .collect();
    Ok((status, Json(ListView { items, next_cursor: None })).into_response())
}
