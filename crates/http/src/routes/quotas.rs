//! What an owner keeps and may keep.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, put};
use axum::{Json, Router};
use colophon_db::{CallerScope, SystemScope};
use colophon_domain::Invalid;
use colophon_formats::views::{ListView, QuotaView, UsageView};
use serde::Deserialize;

use crate::auth::Caller;
use crate::query::{Body, Ids};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/me/usage", get(usage))
        .route("/v1/quotas", get(list))
        .route("/v1/quotas/{owner}", put(set).delete(remove))
}

async fn usage(State(app): State<App>, caller: Caller) -> Result<Json<UsageView>, Problem> {
    let owner = caller.owner()?.to_string();
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let usage = tx.quotas().usage(&owner).await?;
    tx.commit().await?;
    Ok(Json(usage.into()))
}

async fn list(State(app): State<App>, caller: Caller) -> Result<Json<ListView<QuotaView>>, Problem> {
    let tx = app.platform.database.session(system(&caller)?).begin().await?;
    let quotas = tx.quotas().list().await?;
    tx.commit().await?;
    Ok(Json(ListView { items: quotas.into_iter().map(QuotaView::from).collect(), next_cursor: None }))
}

/// What is left out is without limit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    max_documents: Option<i64>,
    max_bytes: Option<i64>,
}

async fn set(
    State(app): State<App>,
    caller: Caller,
    Ids(owner): Ids<String>,
    Body(limits): Body<Limits>,
) -> Result<Json<UsageView>, Problem> {
    let scope = system(&caller)?;
    let owner = stored_name(&owner)?;
    for (field, limit) in [("max_documents", limits.max_documents), ("max_bytes", limits.max_bytes)] {
        if limit.is_some_and(|limit| limit < 0) {
            return Err(Invalid::new(field, "must not be negative").into());
        }
    }
    let tx = app.platform.database.session(scope).begin().await?;
    tx.quotas().set(owner, limits.max_documents, limits.max_bytes).await?;
    let usage = tx.quotas().usage(owner).await?;
    tx.commit().await?;
    Ok(Json(usage.into()))
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Ids(owner): Ids<String>,
) -> Result<StatusCode, Problem> {
    let tx = app.platform.database.session(system(&caller)?).begin().await?;
    if !tx.quotas().remove(stored_name(&owner)?).await? {
        return Err(Problem::not_found(format!("quota of {owner:?}")));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Quotas are set by the platform alone.
fn system(caller: &Caller) -> Result<&SystemScope, Problem> {
    match &caller.scope {
        CallerScope::Service(scope) => Ok(scope),
        CallerScope::User(_) => {
            let detail = "quotas are set by the platform: use a token of the role service_role";
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
        }
    }
}

/// `default` in a path is everybody who has no quota of his own; rows call them `*`.
fn stored_name(owner: &str) -> Result<&str, Problem> {
    match owner {
        "default" => Ok("*"),
        owner if (1..=255).contains(&owner.chars().count()) && !owner.contains('\0') => Ok(owner),
        _ => Err(Invalid::new("owner", "must have 1 to 255 characters, and no U+0000").into()),
    }
}
