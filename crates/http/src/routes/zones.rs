//! Zones: list, deliver, read, search.

mod deliver;
mod list;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use colophon_domain::geometry::{Frame, Pages};
use colophon_domain::{DocumentId, ZoneId};
use colophon_formats::views::{ListView, SearchHitView, ZoneView};
use colophon_service::delivery::pages_of;
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Ids, Params, limit, parse};
use crate::routes::changes;
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/zones", get(list::list).post(deliver::deliver))
        .route("/v1/documents/{id}/zones/{zone_id}", get(show))
        .route("/v1/search", get(search))
}

/// The media type of a JSON value on each line.
const NDJSON: &str = "application/x-ndjson";

/// Whether lines are wanted rather than one object.
fn accepts_lines(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    kinds.into_iter().any(|kind| kind.eq_ignore_ascii_case(NDJSON))
}

#[derive(Debug, Deserialize)]
struct ShowParams {
    frame: Option<String>,
    as_of: Option<String>,
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids((document, id)): Ids<(DocumentId, ZoneId)>,
    Params(params): Params<ShowParams>,
) -> Result<Response, Problem> {
    let frame: Frame = parse(params.frame.as_deref())?.unwrap_or_default();
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let moment = changes::moment(&tx, document, params.as_of.as_deref()).await?;
    let zone = match moment {
        None => tx.zones().get(document, id).await?,
        Some(moment) => tx.zone_history().zone(document, id, moment.revision).await?,
    };
    let zone = zone.ok_or_else(|| Problem::not_found(format!("zone {id}")))?;
    let pages = match frame {
        Frame::Points => Pages::default(),
        _ => pages_of(&tx, document, zone.version).await?,
    };
    tx.commit().await?;
    list::check_known(frame, &pages)?;
    // An edit is made of what is, not of what was.
    let etag = HeaderValue::from_str(&format!("\"{}\"", zone.revision)).ok().filter(|_| moment.is_none());
    let mut response = Json(ZoneView::in_frame(zone, frame, &pages)).into_response();
    if let Some(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

#[derive(Debug, Deserialize)]
struct SearchParams {
    q: String,
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn search(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<SearchParams>,
) -> Result<Json<ListView<SearchHitView>>, Problem> {
    if params.q.contains('\0') {
        return Err(Problem::bad_request("invalid_query", "q: holds U+0000, which no stored text can"));
    }
    let limit = limit(params.limit)?;
    let after = params.cursor.as_deref().map(parse_cursor).transpose()?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let hits = tx.zones().search(&params.q, after, limit).await?;
    tx.commit().await?;
    let full = hits.len() == usize::from(limit);
    let next_cursor = hits
        .last()
        .filter(|_| full)
        .map(|hit| format!("{:x}.{}", hit.rank.to_bits(), hit.zone_id.0.simple()));
    Ok(Json(ListView { items: hits.into_iter().map(SearchHitView::from).collect(), next_cursor }))
}

fn parse_cursor(text: &str) -> Result<(f32, ZoneId), Problem> {
    let parsed = text.split_once('.').and_then(|(rank, id)| {
        let rank = f32::from_bits(u32::from_str_radix(rank, 16).ok()?);
        Some((rank, id.parse().ok()?)).filter(|(rank, _)| rank.is_finite())
    });
    parsed.ok_or_else(|| {
        Problem::bad_request(
            "invalid_query",
            "cursor: is not one that this server gave; begin without a cursor",
        )
    })
}
