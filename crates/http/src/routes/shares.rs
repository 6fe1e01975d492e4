//! Sharing: with a person or by link, who came by it, and what they did.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use colophon_db::{CallerScope, ErrorKind, Scope as _, Tx};
use colophon_domain::{Document, DocumentId, Invalid, NewShare, ShareId, UserId};
use colophon_formats::views::{AccessView, DocumentView, ListView, MadeShareView, ShareUseView, ShareView};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::upload::idempotency_key;
use crate::address::address;
use crate::auth::Caller;
use crate::query::{Body, Ids, Params, limit, parse};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/documents/{id}/shares", get(list).post(create))
        .route("/v1/documents/{id}/shares/{share_id}", delete(revoke))
        .route("/v1/documents/{id}/shares/{share_id}/uses", get(uses))
        .route("/v1/documents/{id}/accesses", get(accesses))
        .route("/v1/share-links/open", post(open))
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CreateShare {
    user_id: Option<UserId>,
    role: Option<String>,
    expires_at: Option<Timestamp>,
    /// Seconds from now.
    expires_in: Option<i64>,
    max_uses: Option<i64>,
}

impl CreateShare {
    fn new_share(&self, now: Timestamp) -> Result<NewShare, Invalid> {
        let expires_at = match (self.expires_at, self.expires_in) {
            (Some(_), Some(_)) => {
                return Err(Invalid::new(
                    "expires_in",
                    "says the same as expires_at; leave one of the two out",
                ));
            }
            (at, None) => at,
            (None, Some(seconds)) if seconds < 1 => {
                return Err(Invalid::new("expires_in", format!("{seconds} seconds are no time to come")));
            }
            (None, Some(seconds)) => {
                Some(now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX))
            }
        };
        let share = NewShare {
            id: ShareId::new(),
            role: self.role.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            user_id: self.user_id,
            expires_at,
            max_uses: self.max_uses.map(|uses| i32::try_from(uses).unwrap_or(i32::MAX)),
        };
        share.check(now)?;
        Ok(share)
    }
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    headers: HeaderMap,
    Body(body): Body<CreateShare>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let new = body.new_share(Timestamp::now())?;
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document = owned(&tx, &caller, id).await?;
    if document.deleted_at.is_some() {
        return Err(colophon_service::Error::InTrash { document: id }.into());
    }
    if let Some(user) = new.user_id
        && document.uploaded_by.as_deref() == Some(user.to_string().as_str())
    {
        let reason = "owns the document and needs no share; name somebody else, or nobody for a link";
        return Err(Invalid::new("user_id", reason).into());
    }
    if let Some(key) = key {
        let request = serde_json::json!({ "share": id, "asked": body }).to_string();
        let owner = caller.name().unwrap_or_else(|| "service_role".to_owned());
        if let Some(earlier) = tx.idempotency_keys().take(&owner, &key, &request, new.id.0).await? {
            if earlier.request != request {
                return Err(colophon_service::Error::KeyReused.into());
            }
            let share = tx.shares().require(id, ShareId(earlier.resource_id)).await?;
            tx.commit().await?;
            // The token is nowhere any more.
            return Ok(Json(MadeShareView { share: share.into(), token: None, url: None }).into_response());
        }
    }
    let (share, token) = tx.shares().insert(id, &new, caller.name().as_deref()).await?;
    tx.commit().await?;
    // A fragment: browsers send it to no server, and no log holds it.
    let url = token.as_ref().map(|token| address(&app, &headers, &format!("#share={}", token.expose())));
    let token = token.map(|token| token.expose().to_owned());
    Ok((StatusCode::CREATED, Json(MadeShareView { share: share.into(), token, url })).into_response())
}

#[derive(Debug, Deserialize)]
struct ListParams {
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<ShareView>>, Problem> {
    let (cursor, limit) = (parse(params.cursor.as_deref())?, limit(params.limit)?);
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    owned(&tx, &caller, id).await?;
    let list = tx.shares().list(id, cursor, limit).await?;
    tx.commit().await?;
    Ok(Json(list.into()))
}

async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Ids((id, share)): Ids<(DocumentId, ShareId)>,
) -> Result<StatusCode, Problem> {
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    owned(&tx, &caller, id).await?;
    let revoked = tx.shares().revoke(id, share).await;
    revoked.map_err(|error| missing_share(error, share))?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn uses(
    State(app): State<App>,
    caller: Caller,
    Ids((id, share)): Ids<(DocumentId, ShareId)>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<ShareUseView>>, Problem> {
    let (cursor, limit) = (parse(params.cursor.as_deref())?, limit(params.limit)?);
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    owned(&tx, &caller, id).await?;
    tx.shares().require(id, share).await.map_err(|error| missing_share(error, share))?;
    let list = tx.shares().uses(id, share, cursor, limit).await?;
    tx.commit().await?;
    Ok(Json(list.into()))
}

async fn accesses(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    Params(params): Params<ListParams>,
) -> Result<Json<ListView<AccessView>>, Problem> {
    let (cursor, limit) = (parse(params.cursor.as_deref())?, limit(params.limit)?);
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    owned(&tx, &caller, id).await?;
    let list = tx.accesses().list(id, cursor, limit).await?;
    tx.commit().await?;
    Ok(Json(list.into()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenLink {
    token: String,
}

async fn open(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<OpenLink>,
) -> Result<Json<DocumentView>, Problem> {
    if caller.scope.person().is_none() {
        let detail = "a link is opened by a person, and this token is the platform's; use a person's token";
        return Err(Problem::bad_request("person_needed", detail));
    }
    let refused = || {
        let detail = "the link opens nothing: it is unknown, revoked, over or used up; ask for a new one";
        Problem::new(StatusCode::NOT_FOUND, "share_link_invalid", detail)
    };
    if body.token.len() > 128 || !body.token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(refused());
    }
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let opened = tx.shares().open(&body.token).await;
    let id = opened.map_err(|error| match error.kind() {
        ErrorKind::NotFound => refused(),
        _ => error.into(),
    })?;
    let document = tx.documents().get(id).await?.ok_or_else(refused)?;
    tx.commit().await?;
    Ok(Json(document.into()))
}

/// Sharing is for the owner, and for the platform. Whoever may not even see the document learns nothing.
async fn owned(tx: &Tx<CallerScope>, caller: &Caller, id: DocumentId) -> Result<Document, Problem> {
    let document =
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    match caller.scope.person() {
        Some(person) if document.uploaded_by != Some(person.to_string()) => {
            let detail =
                format!("document {id} is shared by its owner alone, who also sees what became of it");
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
        }
        _ => Ok(document),
    }
}

fn missing_share(error: colophon_db::Error, share: ShareId) -> Problem {
    match error.kind() {
        ErrorKind::NotFound => Problem::not_found(format!("share {share}")),
        _ => error.into(),
    }
}
