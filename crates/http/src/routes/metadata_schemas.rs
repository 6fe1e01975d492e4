//! `/v1/me/metadata-schema`: what the metadata of the caller's documents must look like.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use colophon_db::{CallerScope, Tx};
use colophon_domain::MetadataSchema;
use colophon_formats::views::MetadataSchemaView;
use colophon_service::edit::Seen;
use colophon_service::metadata::check_schema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::auth::Caller;
use crate::query::{Body, Params};
use crate::{App, Problem, revision};

pub fn router() -> Router<App> {
    Router::new().route("/v1/me/metadata-schema", get(show).put(replace).delete(remove))
}

#[derive(Debug, Deserialize)]
struct OwnerParams {
    owner: Option<String>,
}

impl OwnerParams {
    /// Whose schema is meant: the caller's own, or for the platform anybody's.
    fn owner(self, caller: &Caller) -> Result<String, Problem> {
        let person = match &caller.scope {
            CallerScope::User(scope) => Some(scope.user().to_string()),
            CallerScope::Service(_) => None,
        };
        match (person, self.owner) {
            (Some(person), None) => Ok(person),
            (Some(person), Some(owner)) if owner == person => Ok(person),
            (Some(_), Some(_)) => {
                let detail =
                    "only the platform may name another owner; leave `owner` out for your own schema";
                Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
            }
            (None, Some(owner)) if (1..=255).contains(&owner.chars().count()) && !owner.contains('\0') => {
                Ok(owner)
            }
            (None, _) => Err(Problem::bad_request("owner_needed", "the token names nobody; say `?owner=`")),
        }
    }
}

async fn show(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<OwnerParams>,
) -> Result<Response, Problem> {
    let owner = params.owner(&caller)?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let schema = tx.metadata_schemas().get(&owner).await?;
    tx.commit().await?;
    schema.map(answer).ok_or_else(none)
}

async fn replace(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<OwnerParams>,
    headers: HeaderMap,
    Body(schema): Body<Value>,
) -> Result<Response, Problem> {
    let owner = params.owner(&caller)?;
    check_schema(&schema)?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    held(&tx, &owner, &headers, Some(&schema)).await?;
    let schema = tx.metadata_schemas().put(&owner, &schema).await?;
    tx.commit().await?;
    Ok(answer(schema))
}

async fn remove(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<OwnerParams>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let owner = params.owner(&caller)?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    held(&tx, &owner, &headers, None).await?;
    let there = tx.metadata_schemas().delete(&owner).await?;
    tx.commit().await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}

/// Holds the owner's schema at the revision that the caller saw.
async fn held(
    tx: &Tx<CallerScope>,
    owner: &str,
    headers: &HeaderMap,
    yours: Option<&Value>,
) -> Result<(), Problem> {
    let Seen::Revisions(revisions) = revision::seen(headers) else { return Ok(()) };
    let theirs = tx.metadata_schemas().lock(owner).await?;
    if theirs.as_ref().is_some_and(|theirs| revisions.contains(&theirs.revision)) {
        return Ok(());
    }
    let detail = "the schema is at another revision meanwhile; look at both, and send the change again";
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "stale", detail)
        .with("theirs", json!(theirs.map(|theirs| theirs.schema)))
        .with("yours", json!(yours)))
}

fn answer(schema: MetadataSchema) -> Response {
    revision::tagged(schema.revision, MetadataSchemaView::from(schema))
}

fn none() -> Problem {
    Problem::not_found("metadata schema of this owner")
}
