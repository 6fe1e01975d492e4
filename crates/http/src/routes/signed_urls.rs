//! `POST /v1/documents/{id}/signed-url`: an address of the file that needs no token, and ends.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use colophon_domain::{Action, DocumentId, Invalid};
use colophon_formats::views::SignedUrlView;
use colophon_service::signed_urls::{DEFAULT_SECONDS, SignedUrl};
use serde::Deserialize;

use crate::address::address;
use crate::auth::Caller;
use crate::query::{Body, Ids};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new().route("/v1/documents/{id}/signed-url", post(create))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateSignedUrl {
    expires_in: Option<i64>,
    version: Option<i32>,
    disposition: Option<String>,
}

async fn create(
    State(app): State<App>,
    caller: Caller,
    Ids(id): Ids<DocumentId>,
    headers: HeaderMap,
    Body(body): Body<CreateSignedUrl>,
) -> Result<Json<SignedUrlView>, Problem> {
    let attachment = match body.disposition.as_deref() {
        None | Some("inline") => false,
        Some("attachment") => true,
        Some(other) => {
            let reason = format!("{other:?} is none of inline, attachment");
            return Err(Invalid::new("disposition", reason).into());
        }
    };
    // The platform's own tokens may name somebody; what they may see is the platform's all the same.
    let maker = colophon_db::Scope::person(&caller.scope);
    let seconds = body.expires_in.unwrap_or(DEFAULT_SECONDS);
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    let document =
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    if document.deleted_at.is_some() {
        return Err(colophon_service::Error::InTrash { document: id }.into());
    }
    let number = body.version.unwrap_or(document.version);
    let version = tx.versions().get(id, number).await?;
    let version = version.ok_or_else(|| Problem::not_found(format!("version {number} of document {id}")))?;
    // The version is part of what is signed: what was given away stays the same file.
    let url = SignedUrl::new(id, number, maker, seconds, attachment)?;
    tx.accesses().record(id, Action::SignedUrl, false).await?;
    tx.commit().await?;
    let expires_at = url.expires_at;
    // The store's own link ends by its time alone, whatever becomes of a share; so it is not for those who have one. It is
    // signed with the platform's keys: with the caller's it would hold their token.
    let own = maker.is_none_or(|user| document.uploaded_by == Some(user.to_string()));
    if own && body.disposition.is_none() {
        let lasting = Duration::from_secs(seconds.unsigned_abs());
        let store = &app.platform.store;
        let theirs = store.signed_url(&version.storage_path, Some(&document.filename), lasting).await?;
        if let Some(url) = theirs {
            return Ok(Json(SignedUrlView { url, expires_at }));
        }
    }
    let token = app.platform.signer.sign(&url).await?;
    Ok(Json(SignedUrlView { url: address(&app, &headers, &format!("v1/content/{token}")), expires_at }))
}
