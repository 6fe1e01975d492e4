//! `PATCH /v1/documents/{id}`: name, metadata and tags.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::patch;
use colophon_domain::{DocumentId, FileName, Invalid, Tags};
use colophon_service::edit::{self, Change, TagsChange};
use serde_json::{Map, Value};

use crate::auth::Caller;
use crate::query::{Body, Ids};
use crate::{App, Problem, revision};

pub fn router() -> Router<App> {
    Router::new().route("/v1/documents/{id}", patch(change))
}

/// `If-Match` names the revision that was seen; another one is answered with both sides (412).
async fn change(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    headers: HeaderMap,
    Body(fields): Body<Map<String, Value>>,
) -> Result<Response, Problem> {
    let change = change_of(fields)?;
    let seen = revision::seen(&headers);
    Ok(revision::document(edit::document(&app.platform, &caller.scope, id, change, &seen).await?))
}

fn change_of(fields: Map<String, Value>) -> Result<Change, Problem> {
    let mut change = Change::default();
    if fields.is_empty() {
        return Err(Problem::bad_request(
            "invalid_json",
            "the body names nothing to change: filename, metadata or tags",
        ));
    }
    for (field, value) in fields {
        match (field.as_str(), value) {
            ("filename", Value::String(name)) => change.filename = Some(FileName::new(name)?),
            ("filename", _) => return Err(Invalid::new("filename", "must be a text").into()),
            ("metadata", Value::Object(patch)) => change.metadata = Some(patch),
            ("metadata", _) => {
                let reason = "must be a JSON object, a merge patch: null takes a key away";
                return Err(Invalid::new("metadata", reason).into());
            }
            ("tags", Value::Array(tags)) => change.tags = Some(TagsChange::Set(tags_of(&tags)?)),
            ("tags", _) => return Err(Invalid::new("tags", "must be an array of texts").into()),
            (other, _) => {
                let detail = format!("{other:?} cannot be changed; filename, metadata and tags can");
                return Err(Problem::bad_request("invalid_json", detail));
            }
        }
    }
    Ok(change)
}

/// Tags out of JSON.
pub fn tags_of(tags: &[Value]) -> Result<Tags, Invalid> {
    let texts = tags.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
    Tags::new(texts.ok_or_else(|| Invalid::new("tags", "must be an array of texts"))?)
}
