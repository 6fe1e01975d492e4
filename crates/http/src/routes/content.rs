//! The file of a document: for its readers, and for whoever holds a signed URL.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use colophon_db::Scope;
use colophon_domain::{Action, DocumentId};
use colophon_service::Platform;
use colophon_service::signed_urls::Refusal;
use serde::Deserialize;

use super::serve::File;
use crate::auth::Caller;
use crate::query::{Ids, Params};
use crate::{App, Problem};

pub fn router() -> Router<App> {
    Router::new().route("/v1/documents/{id}/content", get(content)).route("/v1/content/{token}", get(signed))
}

#[derive(Debug, Deserialize)]
struct ContentParams {
    version: Option<i32>,
    #[serde(default)]
    download: bool,
}

async fn content(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Params(params): Params<ContentParams>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted =
        Wanted { document, version: params.version, attachment: params.download, action: Action::Downloaded };
    send(&caller.platform(&app)?, &caller.scope, wanted, &method, &headers).await
}

/// No token is asked for: the signature stands for the one of its maker, in whose name the database is asked again.
async fn signed(
    State(app): State<App>,
    Ids(token): Ids<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let url = app.platform.signer.open(&token).await?;
    let wanted = Wanted {
        document: url.document,
        version: Some(url.version),
        attachment: url.attachment,
        action: Action::SignedUrlUsed,
    };
    send(&app.platform, &url.scope(), wanted, &method, &headers).await
}

struct Wanted {
    document: DocumentId,
    version: Option<i32>,
    attachment: bool,
    action: Action,
}

/// What is given away is noted in the transaction that allows it.
async fn send<S: Scope>(
    platform: &Platform,
    scope: &S,
    wanted: Wanted,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let id = wanted.document;
    let tx = platform.database.session(scope).begin().await?;
    let document =
        tx.documents().get(id).await?.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
    // In the trash it is its owner's to look at, and no address leads to it.
    if document.deleted_at.is_some() && wanted.action == Action::SignedUrlUsed {
        return Err(Problem::not_found(format!("document {id}")));
    }
    let number = wanted.version.unwrap_or(document.version);
    let version = tx.versions().get(id, number).await?;
    let version = version.ok_or_else(|| Problem::not_found(format!("version {number} of document {id}")))?;
    let file = File {
        storage_path: &version.storage_path,
        sha256: &version.sha256,
        mime_type: &version.mime_type,
        filename: &document.filename,
        size: version.file_size_bytes,
        // An older version may become the current one again; only a version that is named stays what it was.
        modified: version.created_at.filter(|_| wanted.version.is_some()).unwrap_or(document.updated_at),
        attachment: wanted.attachment,
    };
    let verdict = file.judge(method, headers);
    let own = document.uploaded_by.is_some()
        && document.uploaded_by == scope.person().map(|person| person.to_string());
    if verdict.sends() && method == Method::GET && (!own || wanted.action != Action::Downloaded) {
        let in_part = matches!(verdict, super::serve::Verdict::Part(_));
        tx.accesses().record(id, wanted.action, in_part).await?;
    }
    tx.commit().await?;
    file.answer(&platform.store, verdict).await
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Invalid => Self::new(StatusCode::FORBIDDEN, "link_invalid", detail),
            Refusal::Expired(_) => Self::new(StatusCode::FORBIDDEN, "link_expired", detail),
            Refusal::Database(error) => error.into(),
        }
    }
}
