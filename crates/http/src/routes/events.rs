//! What happens to jobs, as Server-Sent Events (docs/events.md).

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use colophon_domain::{Cursor, DocumentId, JobId};
use colophon_service::events::{Event, Stream, Wanted};
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::auth::Caller;
use crate::query::{Ids, Params, parse};
use crate::{App, Problem};

/// Nothing is silent for longer: proxies close what is.
const ALIVE: Duration = Duration::from_secs(15);

/// Milliseconds after which a stream that broke off is asked for again.
const RETRY: u32 = 2_000;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub fn router() -> Router<App> {
    Router::new().route("/v1/jobs/{id}/events", get(of_job)).route("/v1/events", get(of_all))
}

async fn of_job(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<JobId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = last_event_id(&headers)?;
    let events = app.events.of_job(&caller.scope, id, after).await?;
    // A browser asks again and again for a stream that ended; this tells it that there is no more.
    if after.is_some() && events.is_told() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(stream(events, &app, &caller))
}

#[derive(Debug, Deserialize)]
struct EventParams {
    status: Option<String>,
    document_id: Option<DocumentId>,
}

async fn of_all(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<EventParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = Wanted { document_id: params.document_id, status: parse(params.status.as_deref())? };
    let events = app.events.of_all(&caller.scope, wanted, last_event_id(&headers)?).await?;
    Ok(stream(events, &app, &caller))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<Cursor>, Problem> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else { return Ok(None) };
    let refuse = || {
        let detail =
            "Last-Event-ID is not the `id` of an event that this server gave; leave it out to begin anew";
        Problem::bad_request("invalid_last_event_id", detail)
    };
    id.to_str().ok().and_then(|id| id.parse().ok()).map(Some).ok_or_else(refuse)
}

/// Until the stream ends, its caller's token does, or the server.
fn stream<E: Stream>(events: E, app: &App, caller: &Caller) -> Response {
    let sending = Sending {
        events,
        stopping: app.stopping.clone(),
        until: caller.remaining().and_then(|remaining| Instant::now().checked_add(remaining)),
        has_begun: false,
    };
    let body = Body::from_stream(unfold(sending, async |mut sending| {
        let part = sending.next().await?;
        Some((Ok::<_, std::convert::Infallible>(part), sending))
    }));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would keep events back until it has a buffer full of them.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

struct Sending<E> {
    events: E,
    stopping: CancellationToken,
    until: Option<Instant>,
    has_begun: bool,
}

impl<E: Stream> Sending<E> {
    /// What is sent next. It is asked for when there is room for it, so that whoever is slow keeps nobody waiting.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return Some(format!("retry: {RETRY}\n\n").into());
        }
        let expired = async {
            match self.until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => None,
            () = expired => None,
            event = self.events.next() => event.map(|event| frame(&event)),
            () = tokio::time::sleep(ALIVE) => Some(match self.events.place() {
                Some(place) => format!(": alive\nid: {place}\n\n").into(),
                None => Bytes::from_static(b": alive\n\n"),
            }),
        }
    }
}

/// An event as it is sent. JSON has no line breaks of its own.
fn frame(event: &Event) -> Bytes {
    match event {
        Event::State { at, json } => format!("event: state\nid: {at}\ndata: {json}\n\n"),
        Event::Progress { json } => format!("event: progress\ndata: {json}\n\n"),
        Event::Place(place) => format!("id: {place}\n\n"),
        Event::Gap(place) => {
            format!("event: gap\nid: {place}\ndata: {{\"since\":\"{}\"}}\n\n", place.created_at)
        }
    }
    .into()
}
