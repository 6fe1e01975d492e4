//! `POST /v1/documents/{id}/corrections/replay`: edits made offline, as NDJSON, each answered by a line.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use colophon_domain::DocumentId;
use colophon_service::Platform;
use colophon_service::corrections::replay::{Broken, Replay};
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::auth::Caller;
use crate::query::Ids;
use crate::{App, Problem};

/// Bytes of answers that wait for a client which sends everything before it reads anything. Beyond that the server
/// reads no further until it does.
const WAITING: u32 = 8 << 20;

type Answer = (io::Result<Bytes>, Option<OwnedSemaphorePermit>);

/// A task of its own: when the client goes away, the edit in hand is made or not, but not half. The answer breaks off
/// where not every line was answered, so that nobody takes a part for all.
pub async fn replay(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    request: Request,
) -> Result<Response, Problem> {
    // Whoever may not edit it learns so at once, with the status that says so.
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    if tx.corrections().lock(document).await? {
        return Err(colophon_service::Error::InTrash { document }.into());
    }
    tx.commit().await?;

    let (sender, receiver) = mpsc::unbounded_channel::<Answer>();
    let work = app.platform.cleanups.clone();
    work.spawn(async move {
        let stop = app.stopping.clone();
        let body = request.into_body().into_data_stream().take_until(stop.clone().cancelled_owned());
        let platform = Platform::clone(&app.platform);
        let mut replay = Replay::new(platform, caller.scope, document, Box::pin(body));
        let room = Arc::new(Semaphore::new(WAITING as usize));
        let whole = loop {
            let line = match replay.next().await {
                Ok(Some(answer)) => format!("{answer}\n"),
                ended => break ended.is_ok() && !stop.is_cancelled(),
            };
            let bytes = u32::try_from(line.len()).unwrap_or(WAITING).min(WAITING);
            let permit = tokio::select! {
                permit = Arc::clone(&room).acquire_many_owned(bytes) => permit.ok(),
                () = sender.closed() => return,
            };
            if sender.send((Ok(line.into()), permit)).is_err() {
                return;
            }
        };
        if !whole {
            // The client may be gone.
            let _ = sender.send((Err(io::Error::other(Broken)), None));
        }
    });
    // An answer that is passed on makes room for another.
    let answers = stream::unfold(receiver, |mut receiver| async {
        let (line, _room) = receiver.recv().await?;
        Some((line, receiver))
    });
    let mut response = Response::new(Body::from_stream(answers));
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
