//! `GET /v1/documents/{id}/zones`: page by page, or whole as NDJSON; in any frame.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use colophon_db::{CallerScope, Database, Tx};
use colophon_domain::geometry::{Frame, Pages};
use colophon_domain::{Document, DocumentId, Moment, Zone, ZoneFilter, ZoneId};
use colophon_formats::views::{ListView, ZoneView};
use colophon_service::delivery::pages_of;
use futures_util::stream;
use serde::Deserialize;

use super::{NDJSON, accepts_lines};
use crate::auth::Caller;
use crate::query::{Ids, Params, limit, parse};
use crate::routes::changes;
use crate::{App, Problem};

/// Zones that are read at once where all are wanted.
const BATCH: u16 = 1_000;

#[derive(Debug, Deserialize)]
pub struct ListParams {
    version: Option<i32>,
    page: Option<i32>,
    #[serde(rename = "type")]
    zone_type: Option<String>,
    status: Option<String>,
    min_confidence: Option<f64>,
    max_confidence: Option<f64>,
    tool: Option<String>,
    parent: Option<ZoneId>,
    frame: Option<String>,
    as_of: Option<String>,
    limit: Option<u16>,
    cursor: Option<i32>,
}

pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ListParams>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = params.cursor.unwrap_or(-1);
    let whole = accepts_lines(&headers) && params.limit.is_none();
    let limit = if whole { BATCH } else { limit(params.limit)? };
    let frame: Frame = parse(params.frame.as_deref())?.unwrap_or_default();
    let as_of = params.as_of.clone();
    let mut filter = filter_of(params)?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let moment = changes::moment(&tx, id, as_of.as_deref()).await?;
    filter.version = filter.version.or(moment.map(|moment| moment.version));
    let zones = read(&tx, id, &filter, moment, after, limit).await?;
    if zones.is_empty() {
        document(&tx, id).await?;
    }
    let pages = if frame == Frame::Points { Pages::default() } else { pages(&tx, id, &filter).await? };
    tx.commit().await?;
    check_known(frame, &pages)?;
    let next = next_cursor(&zones, limit);
    let shown: Vec<ZoneView> =
        zones.into_iter().map(|zone| ZoneView::in_frame(zone, frame, &pages)).collect();
    if !accepts_lines(&headers) {
        return Ok(
            Json(ListView { items: shown, next_cursor: next.map(|next| next.to_string()) }).into_response()
        );
    }
    let rest = Rest {
        database: app.platform.database.clone(),
        caller: caller.scope,
        id,
        filter,
        moment,
        frame,
        pages,
    };
    let next = next.filter(|_| whole);
    let body = stream::try_unfold((rest, Some(lines(&shown)), next), |(rest, ready, next)| async move {
        match (ready, next) {
            (Some(ready), next) => Ok(Some((ready, (rest, None, next)))),
            (None, None) => Ok(None),
            (None, Some(after)) => {
                let (ready, next) = rest.read(after).await?;
                Ok::<_, colophon_db::Error>(Some((ready, (rest, None, next))))
            }
        }
    });
    Ok(([(header::CONTENT_TYPE, NDJSON)], Body::from_stream(body)).into_response())
}

/// Refused, where no zone has a place in this frame since no page is known.
pub fn check_known(frame: Frame, pages: &Pages) -> Result<(), Problem> {
    if pages.is_empty() && !frame.needs_no_page() {
        let detail = format!(
            "frame: {frame} needs the size of the pages, and this version's are not known; ask for points"
        );
        return Err(Problem::bad_request("invalid_query", detail));
    }
    Ok(())
}

/// What is still to come of a whole list. Each batch is a transaction of its own: whoever reads slowly holds nothing.
struct Rest {
    database: Database,
    caller: CallerScope,
    id: DocumentId,
    filter: ZoneFilter,
    moment: Option<Moment>,
    frame: Frame,
    pages: Pages,
}

impl Rest {
    async fn read(&self, after: i32) -> Result<(Bytes, Option<i32>), colophon_db::Error> {
        let tx = self.database.session(&self.caller).begin().await?;
        let zones = read(&tx, self.id, &self.filter, self.moment, after, BATCH).await?;
        tx.commit().await?;
        let next = next_cursor(&zones, BATCH);
        let shown: Vec<ZoneView> =
            zones.into_iter().map(|zone| ZoneView::in_frame(zone, self.frame, &self.pages)).collect();
        Ok((lines(&shown), next))
    }
}

/// Zones as they are, or as they were.
async fn read(
    tx: &Tx<CallerScope>,
    id: DocumentId,
    filter: &ZoneFilter,
    moment: Option<Moment>,
    after: i32,
    limit: u16,
) -> Result<Vec<Zone>, colophon_db::Error> {
    match moment {
        None => tx.zones().list(id, filter, after, i64::from(limit)).await,
        Some(moment) => tx.zone_history().zones(id, moment, filter, after, i64::from(limit)).await,
    }
}

fn lines(zones: &[ZoneView]) -> Bytes {
    let mut lines = Vec::with_capacity(zones.len() * 512);
    for zone in zones {
        // Columns in JSON: nothing that JSON cannot say.
        if serde_json::to_writer(&mut lines, zone).is_ok() {
            lines.push(b'\n');
        }
    }
    lines.into()
}

fn next_cursor(zones: &[Zone], limit: u16) -> Option<i32> {
    zones.last().filter(|_| zones.len() == usize::from(limit)).map(|zone| zone.zone_index)
}

fn filter_of(params: ListParams) -> Result<ZoneFilter, Problem> {
    for confidence in [params.min_confidence, params.max_confidence].into_iter().flatten() {
        if !(0.0..=1.0).contains(&confidence) {
            let detail = format!("min_confidence, max_confidence: {confidence} is not between 0 and 1");
            return Err(Problem::bad_request("invalid_query", detail));
        }
    }
    Ok(ZoneFilter {
        version: params.version,
        page_number: params.page,
        zone_type: params.zone_type,
        status: params.status,
        min_confidence: params.min_confidence,
        max_confidence: params.max_confidence,
        processing_tool: params.tool,
        parent_id: params.parent,
    })
}

async fn document(tx: &Tx<CallerScope>, id: DocumentId) -> Result<Document, Problem> {
    tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))
}

async fn pages(tx: &Tx<CallerScope>, id: DocumentId, filter: &ZoneFilter) -> Result<Pages, Problem> {
    let version = match filter.version {
        Some(version) => version,
        None => document(tx, id).await?.version,
    };
    Ok(pages_of(tx, id, version).await?)
}
