//! Named orders in which the zones of a version are read; the default order is `zone_index`.

use std::collections::HashSet;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use colophon_db::{CallerScope, Tx};
use colophon_domain::{DocumentId, ReadingOrder, ReadingOrderItem, StoredReadingOrder};
use colophon_formats::views::{ListView, ReadingOrderView};
use colophon_service::edit::Seen;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::query::{Body, Ids, Params};
use crate::{App, Problem, revision};

/// Ids that a refusal names at most.
const NAMED: usize = 20;

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/reading-orders", get(list))
        .route("/v1/documents/{id}/reading-orders/{name}", get(show).put(replace).delete(remove))
}

#[derive(Debug, Deserialize)]
struct VersionParams {
    version: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Items {
    items: Value,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<VersionParams>,
) -> Result<Json<ListView<ReadingOrderView>>, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let orders = tx.reading_orders().list(id, params.version).await?;
    if orders.is_empty() {
        version(&tx, id, None).await?;
    }
    tx.commit().await?;
    let items = orders.into_iter().map(ReadingOrderView::from).collect();
    Ok(Json(ListView { items, next_cursor: None }))
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Ids((id, name)): Ids<(DocumentId, String)>,
    Params(params): Params<VersionParams>,
) -> Result<Response, Problem> {
    let name = named(name)?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let order = tx.reading_orders().get(id, params.version, &name).await?;
    tx.commit().await?;
    order.map(answer).ok_or_else(|| none(&name))
}

async fn replace(
    State(app): State<App>,
    caller: Caller,
    Ids((id, name)): Ids<(DocumentId, String)>,
    Params(params): Params<VersionParams>,
    headers: HeaderMap,
    Body(body): Body<Items>,
) -> Result<Response, Problem> {
    let order = ReadingOrder { name: named(name)?, items: items(body.items)? }.checked()?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let version = version(&tx, id, params.version).await?;
    held(&tx, id, version, &order.name, &headers, json!(order.items)).await?;
    let zones = order.zones();
    let mut seen = HashSet::new();
    if let Some(twice) = zones.iter().find(|zone| !seen.insert(**zone)) {
        return Err(refused(format!("zone {twice} is named twice; a zone is read once")));
    }
    let gone = tx.reading_orders().gone(id, version, &zones).await?;
    if !gone.is_empty() {
        let names: Vec<String> = gone.iter().take(NAMED).map(ToString::to_string).collect();
        let (count, names) = (gone.len(), names.join(", "));
        return Err(refused(format!("{count} of the ids are no zones of version {version}: {names}")));
    }
    let stored = tx.reading_orders().put(id, version, &order).await?;
    tx.commit().await?;
    Ok(answer(stored))
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Ids((id, name)): Ids<(DocumentId, String)>,
    Params(params): Params<VersionParams>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let name = named(name)?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let version = version(&tx, id, params.version).await?;
    held(&tx, id, version, &name, &headers, Value::Null).await?;
    if tx.reading_orders().delete(id, version, &name).await? {
        tx.commit().await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    match tx.reading_orders().get(id, Some(version), &name).await? {
        Some(_) => {
            let detail = format!("you may see document {id}, but not change it");
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
        }
        None => Err(none(&name)),
    }
}

/// The version that is meant, of a document that the caller may see.
async fn version(tx: &Tx<CallerScope>, id: DocumentId, asked: Option<i32>) -> Result<i32, Problem> {
    let document =
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    let Some(asked) = asked else { return Ok(document.version) };
    let there = tx.versions().get(id, asked).await?;
    there
        .map(|version| version.version)
        .ok_or_else(|| Problem::not_found(format!("version {asked} of document {id}")))
}

/// Holds the order at the revision that the caller saw.
async fn held(
    tx: &Tx<CallerScope>,
    id: DocumentId,
    version: i32,
    name: &str,
    headers: &HeaderMap,
    yours: Value,
) -> Result<(), Problem> {
    let Seen::Revisions(revisions) = revision::seen(headers) else { return Ok(()) };
    let theirs = tx.reading_orders().lock(id, version, name).await?;
    if theirs.as_ref().is_some_and(|theirs| revisions.contains(&theirs.revision)) {
        return Ok(());
    }
    let detail =
        "the reading order is at another revision meanwhile; look at both, and send the change again";
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "stale", detail)
        .with("theirs", json!(theirs.map(ReadingOrderView::from)))
        .with("yours", yours))
}

/// The items, read one by one, so that a refusal says which one is wrong.
fn items(items: Value) -> Result<Vec<ReadingOrderItem>, Problem> {
    let Value::Array(items) = items else {
        return Err(refused("an array is needed: ids of zones, and groups of them".to_owned()));
    };
    let read = |(place, item): (usize, Value)| {
        serde_json::from_value(item).map_err(|_| {
            let form = r#"{"ordered": true, "items": [...]}, optionally with "zone_id""#;
            refused(format!("item {place} is neither the id of a zone nor a group: {form}"))
        })
    };
    items.into_iter().enumerate().map(read).collect()
}

fn named(name: String) -> Result<String, Problem> {
    // What no order can be called, none is.
    if (1..=200).contains(&name.chars().count()) && !name.contains('\0') {
        return Ok(name);
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid",
        "name: a reading order has a name of 1 to 200 characters",
    ))
}

fn refused(reason: String) -> Problem {
    colophon_domain::Invalid::new("items", reason).into()
}

fn answer(order: StoredReadingOrder) -> Response {
    revision::tagged(order.revision, ReadingOrderView::from(order))
}

fn none(name: &str) -> Problem {
    Problem::not_found(format!("reading order {name:?} of this version"))
}
