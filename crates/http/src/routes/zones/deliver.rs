//! `POST /v1/documents/{id}/zones`: a JSON array or NDJSON, upserted by `zone_index`, with an answer for each item.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use colophon_domain::geometry::OutsideThePage;
use colophon_domain::vocabularies::Vocabulary;
use colophon_domain::{DocumentId, Invalid};
use colophon_service::delivery::{self, Delivered, Item, Once, Options, Outcome};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{NDJSON, accepts_lines};
use crate::auth::Caller;
use crate::query::{Ids, Params, parse};
use crate::routes::upload::{breakable, idempotency_key};
use crate::spool::spool_seen;
use crate::{App, Problem};

/// Bytes of zones that one request may bring.
const BULK_LIMIT: u64 = 1 << 30;
/// Items of the answer that are made ready at once.
const CHUNK: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverParams {
    version: Option<i32>,
    frame: Option<String>,
    vocabulary: Option<String>,
    #[serde(default)]
    clamp: bool,
    tool: Option<String>,
    model: Option<String>,
    on_error: Option<String>,
    reason: Option<String>,
}

pub async fn deliver(
    State(app): State<App>,
    caller: Caller,
    Ids(document): Ids<DocumentId>,
    Params(params): Params<DeliverParams>,
    request: Request,
) -> Result<Response, Problem> {
    let mut options = options_of(params)?;
    let lines = accepts_lines(request.headers());
    let key = idempotency_key(request.headers())?;
    let asked = request.uri().query().unwrap_or_default().to_owned();
    // Whoever may not edit it is refused before the body is read.
    let tx = app.platform.database.session(&caller.scope).begin().await?;
    tx.documents().lock_to_edit(document).await?;
    tx.rollback().await?;
    let mut digest = Sha256::new();
    let body = breakable(request.into_body(), app.broken_off.clone());
    let body = spool_seen(body, BULK_LIMIT, |part| {
        if key.is_some() {
            digest.update(part);
        }
    });
    let body = body.await?;
    options.once = key.map(|key| {
        let request = format!("zones {document} {asked} {}", URL_SAFE_NO_PAD.encode(digest.finalize()));
        Once { key, request }
    });
    // A task of its own: when the caller goes away, the change is made or not made, and not left to chance.
    let work = tokio::spawn(async move {
        delivery::deliver(&app.platform, &caller.scope, document, options, body).await
    });
    let delivered = work.await.map_err(|error| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            format!("the delivery broke off: {error}"),
        )
    })??;
    Ok(answer(delivered, lines))
}

fn options_of(params: DeliverParams) -> Result<Options, Problem> {
    let named = |field: &'static str, text: Option<String>, most: usize| match text {
        Some(text) if text.is_empty() || text.chars().count() > most || text.contains('\0') => {
            Err(Invalid::new(field, format!("must be 1 to {most} characters")))
        }
        text => Ok(text),
    };
    Ok(Options {
        version: params.version,
        frame: parse(params.frame.as_deref())?.unwrap_or_default(),
        vocabulary: parse::<Vocabulary>(params.vocabulary.as_deref())?,
        outside: if params.clamp { OutsideThePage::Clamp } else { OutsideThePage::Refuse },
        on_error: parse(params.on_error.as_deref())?.unwrap_or_default(),
        tool: named("tool", params.tool, 100)?,
        model: named("model", params.model, 100)?,
        job_id: None,
        reason: named("reason", params.reason, 1_000)?,
        once: None,
    })
}

/// One JSON object, or a line for each item and one for all.
fn answer(delivered: Delivered, lines: bool) -> Response {
    let summary = summary(&delivered);
    let separator = if lines { "\n" } else { "," };
    let mut items = delivered.items.into_iter().enumerate();
    let (head, tail) = if lines {
        (String::new(), format!("{summary}\n"))
    } else {
        let fields = summary.to_string();
        (format!("{},\"items\":[", fields.trim_end_matches('}')), "]}".to_owned())
    };
    let mut first = !lines;
    let middle = std::iter::from_fn(move || {
        let mut chunk = String::new();
        for (index, item) in items.by_ref().take(CHUNK) {
            if !lines && !std::mem::take(&mut first) {
                chunk.push_str(separator);
            }
            chunk.push_str(&view(index, item).to_string());
            if lines {
                chunk.push_str(separator);
            }
        }
        (!chunk.is_empty()).then_some(chunk)
    });
    let parts = std::iter::once(head).chain(middle).chain(std::iter::once(tail));
    let parts = parts.filter(|part| !part.is_empty());
    let body = Body::from_stream(stream::iter(parts.map(|part| Ok::<_, std::io::Error>(Bytes::from(part)))));
    let content_type = if lines { NDJSON } else { "application/json" };
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

fn summary(delivered: &Delivered) -> Value {
    let counts = delivered.counts;
    let mut summary = json!({
        "revision": delivered.revision, "version": delivered.version, "inserted": counts.inserted,
        "updated": counts.updated, "unchanged": counts.unchanged, "refused": counts.refused,
        "clamped": counts.clamped, "kept_human": counts.kept_human,
    });
    if delivered.repeated {
        summary["repeated"] = true.into();
    }
    summary
}

fn view(index: usize, item: Item) -> Value {
    let mut view = json!({ "index": index, "zone_index": item.zone_index, "id": item.id });
    let mut say = |field: &str, value: Value| {
        view[field] = value;
    };
    match item.outcome {
        Outcome::Inserted => say("outcome", "inserted".into()),
        Outcome::Updated => say("outcome", "updated".into()),
        Outcome::Unchanged => say("outcome", "unchanged".into()),
        Outcome::Refused(reason) => {
            say("outcome", "refused".into());
            say("reason", String::from(reason).into());
        }
    }
    if item.clamped {
        say("clamped", true.into());
    }
    if !item.kept_human.is_empty() {
        say("kept_human", json!(item.kept_human));
    }
    view
}
