//! Documents: upload, list, read.

use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use colophon_domain::{DocumentFilter, DocumentId, DocumentOrder, FieldFilter};
use colophon_formats::views::{DocumentView, ListView};

use super::upload;
use crate::auth::Caller;
use crate::query::{Ids, Params, limit, parse};
use crate::{App, Problem, revision};

pub fn router() -> Router<App> {
    Router::new()
        // An upload has a limit of its own, which counts while it streams.
        .route("/v1/documents", post(upload::create).layer(DefaultBodyLimit::disable()).get(list))
        .route("/v1/documents/{id}", get(show))
}

/// What a list may be asked for; `tag` and `metadata.KEY` may be said several times, and all must hold.
#[derive(Debug, Default)]
struct ListParams {
    filter: DocumentFilter,
    limit: Option<u16>,
    cursor: Option<String>,
}

/// Conditions on tags and metadata at most.
const MAX_FIELDS: usize = 20;

impl ListParams {
    fn new(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let refuse = |detail: String| Problem::bad_request("invalid_query", detail);
        let mut params = Self::default();
        let filter = &mut params.filter;
        let (mut sort, mut trash, mut seen) = (None, false, Vec::new());
        for (name, value) in pairs {
            let field = match (name.as_str(), name.strip_prefix("metadata.")) {
                ("tag", _) => Some(FieldFilter::tag(&value)),
                (_, Some(key)) => Some(FieldFilter::metadata(key, &value)),
                _ => None,
            };
            if let Some(field) = field {
                filter.fields.push(field.map_err(|invalid| refuse(invalid.to_string()))?);
                continue;
            }
            if seen.contains(&name) {
                return Err(refuse(format!("{name}: is said twice")));
            }
            match name.as_str() {
                "status" => filter.status = parse(Some(&value))?,
                "uploaded_by" => filter.uploaded_by = Some(value),
                "q" => filter.q = Some(value),
                "sort" => sort = parse::<DocumentOrder>(Some(&value))?,
                "trash" => {
                    trash = value
                        .parse()
                        .map_err(|_| refuse(format!("trash: {value:?} is neither true nor false")))?;
                }
                "limit" => {
                    let limit = value
                        .parse()
                        .map_err(|_| refuse(format!("limit: {value:?} is no number of rows")))?;
                    params.limit = Some(limit);
                }
                "cursor" => params.cursor = Some(value),
                _ => {}
            }
            seen.push(name);
        }
        if filter.fields.len() > MAX_FIELDS {
            return Err(refuse(format!("tag, metadata: more than {MAX_FIELDS} conditions")));
        }
        filter.order = match (trash, sort) {
            (true, Some(_)) => {
                return Err(refuse("sort: the trash has an order of its own, put there last first".into()));
            }
            (true, None) => DocumentOrder::Trash,
            (false, sort) => sort.unwrap_or_default(),
        };
        Ok(params)
    }
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(pairs): Params<Vec<(String, String)>>,
) -> Result<Json<ListView<DocumentView>>, Problem> {
    let ListParams { filter, limit: asked, cursor } = ListParams::new(pairs)?;
    let after = cursor.map(|cursor| filter.order.cursor(&cursor)).transpose();
    let after = after.map_err(|invalid| Problem::bad_request("invalid_query", invalid.to_string()))?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let list = tx.documents().list(&filter, after, limit(asked)?).await?;
    tx.commit().await?;
    Ok(Json(list.into()))
}

async fn show(State(app): State<App>, caller: Caller, Ids(id): Ids<DocumentId>) -> Result<Response, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document =
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    tx.commit().await?;
    Ok(revision::document(document))
}
