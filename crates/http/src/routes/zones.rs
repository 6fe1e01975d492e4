//! Zones: list, read, search.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use colophon_domain::{DocumentId, SearchFilter, ZoneFilter, ZoneId};
use colophon_formats::views::{ListView, SearchHitView, ZoneView};
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Ids, Params, limit};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/zones", get(list))
        .route("/v1/documents/{id}/zones/{zone_id}", get(show))
        .route("/v1/search", get(search))
}

#[derive(Debug, Deserialize)]
struct ListParams {
    version: Option<i32>,
    page: Option<i32>,
    #[serde(rename = "type")]
    zone_type: Option<String>,
    status: Option<String>,
    limit: Option<u16>,
    cursor: Option<i32>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<ZoneView>>, Problem> {
    let limit = limit(params.limit)?;
    let filter = ZoneFilter {
        version: params.version,
        page_number: params.page,
        zone_type: params.zone_type,
        status: params.status,
    };
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let zones = tx.zones().list(id, &filter, params.cursor.unwrap_or(-1), i64::from(limit)).await?;
    if zones.is_empty() {
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    }
    tx.commit().await?;
    let full = zones.len() == usize::from(limit);
    let next_cursor = zones.last().filter(|_| full).map(|zone| zone.zone_index.to_string());
    Ok(Json(ListView { items: zones.into_iter().map(ZoneView::from).collect(), next_cursor }))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids((document, id)): Ids<(DocumentId, ZoneId)>,
) -> Result<Response, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let zone = tx.zones().get(document, id).await?.ok_or_else(|| Problem::not_found(format!("zone {id}")))?;
    tx.commit().await?;
    let etag = HeaderValue::from_str(&format!("\"{}\"", zone.revision)).ok();
    let mut response = Json(ZoneView::from(zone)).into_response();
    if let Some(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

#[derive(Debug, Deserialize)]
struct SearchParams {
    q: String,
    language: Option<String>,
    document_id: Option<DocumentId>,
    page: Option<i32>,
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
    let (language, document_id) = (params.language, params.document_id);
    let filter = SearchFilter { language, document_id, page_number: params.page }.checked();
    let filter = filter.map_err(|invalid| Problem::bad_request("invalid_query", invalid.to_string()))?;
    let limit = limit(params.limit)?;
    let after = params.cursor.as_deref().map(parse_cursor).transpose()?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let hits = tx.zones().search(&params.q, &filter, after, limit).await?;
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
