//! Edits made offline, sent again line by line (NDJSON), each answered in its turn.
//!
//! Each is a transaction of its own: what is answered is durable, and an edit that is refused takes no other with it. An
//! edit's own identifier is its idempotency key, so whoever was cut off sends everything again. Memory is flat: a line
//! is read, done and answered before the next one.

use bytes::{Bytes, BytesMut};
use colophon_db::{ErrorKind, Scope};
use colophon_domain::DocumentId;
use colophon_formats::corrections::{OfflineEdit, offline};
use colophon_formats::views::{CorrectionView, ZoneView};
use futures_util::{Stream, StreamExt as _};
use serde_json::{Map, Value, json};

use super::{Asked, Conflict, Done, Sight, correct};
use crate::edit::Seen;
use crate::{Error, Platform};

/// Bytes of a line at most.
pub const LINE_MAX: usize = 1 << 20;

/// The sender broke off: whole lines before are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sender broke off; what was answered is done, send everything again")]
pub struct Broken;

/// Edits of a document's zones, done one after the other as their answers are asked for.
#[derive(Debug)]
pub struct Replay<S, B> {
    platform: Platform,
    scope: S,
    document: DocumentId,
    body: B,
    /// What was read and not done yet.
    read: BytesMut,
    /// The line that begins there goes beyond [`LINE_MAX`].
    too_long: bool,
    ended: bool,
    number: u64,
    /// Once the database cannot be reached, nothing later is tried: it may build on what was not done.
    unavailable: bool,
}

impl<S: Scope, B, E> Replay<S, B>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin + Send,
    E: Send,
{
    /// What `scope` does with the lines of `body`.
    pub fn new(platform: Platform, scope: S, document: DocumentId, body: B) -> Self {
        let (read, too_long, ended) = (BytesMut::new(), false, false);
        Self { platform, scope, document, body, read, too_long, ended, number: 0, unavailable: false }
    }

    /// Does what the next line says, and answers it; `None` at the end.
    ///
    /// # Errors
    /// [`Broken`].
    pub async fn next(&mut self) -> Result<Option<Value>, Broken> {
        while let Some((line, too_long)) = self.line().await? {
            self.number += 1;
            if line.trim_ascii().is_empty() && !too_long {
                continue;
            }
            let mut answer = if too_long {
                said("invalid", "too_large", &format!("the line has more than {LINE_MAX} bytes"))
            } else {
                self.answer(&line).await
            };
            answer.insert("line".to_owned(), self.number.into());
            return Ok(Some(Value::Object(answer)));
        }
        Ok(None)
    }

    /// The next line; of one that is too long, nothing.
    async fn line(&mut self) -> Result<Option<(BytesMut, bool)>, Broken> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let mut line = self.read.split_to(end + 1);
                line.truncate(end);
                return Ok(Some((line, std::mem::take(&mut self.too_long) || end > LINE_MAX)));
            }
            if self.read.len() > LINE_MAX {
                self.too_long = true;
                self.read.clear();
            }
            if self.ended {
                return Ok(None);
            }
            if let Some(bytes) = self.body.next().await {
                self.read.extend_from_slice(&bytes.map_err(|_| Broken)?);
                continue;
            }
            self.ended = true;
            // The last line may end without a newline.
            if self.too_long || !self.read.is_empty() {
                self.read.extend_from_slice(b"\n");
            }
        }
    }

    async fn answer(&mut self, line: &[u8]) -> Map<String, Value> {
        let read = match serde_json::from_slice(line) {
            Ok(body) => {
                let op_id = Map::get(&body, "op_id").cloned();
                offline(body).map_err(|invalid| (op_id, "invalid", invalid.to_string()))
            }
            Err(error) => Err((None, "invalid_json", error.to_string())),
        };
        let edit = match read {
            Ok(edit) => edit,
            Err((op_id, code, detail)) => {
                let mut answer = said("invalid", code, &detail);
                answer.extend(op_id.map(|op_id| ("op_id".to_owned(), op_id)));
                return answer;
            }
        };
        let (op_id, zone_id) = (edit.op_id, edit.zone_id);
        let mut answer = if self.unavailable {
            said("unavailable", "unavailable", "an edit before this one could not be made; send both again")
        } else {
            match correct(&self.platform, &self.scope, self.document, &asked(edit)).await {
                Ok(done) => done_of(done),
                Err(error) => self.refusal(error),
            }
        };
        answer.insert("op_id".to_owned(), op_id.to_string().into());
        answer.insert("zone_id".to_owned(), zone_id.to_string().into());
        answer
    }

    fn refusal(&mut self, error: Error) -> Map<String, Value> {
        let detail = error.to_string();
        match error {
            Error::ZoneConflict(conflict) => {
                let mut answer = said("conflict", "conflict", &detail);
                answer.extend(sides(*conflict));
                answer
            }
            Error::Invalid(_) => said("invalid", "invalid", &detail),
            Error::KeyReused => said("invalid", "idempotency_key_reused", &detail),
            Error::NothingBefore { .. } => said("invalid", "nothing_before", &detail),
            Error::InTrash { .. } => said("in_trash", "in_trash", &detail),
            Error::OfPeople { .. } | Error::NoPerson => said("forbidden", "of_people", &detail),
            Error::Database(error) => match error.kind() {
                ErrorKind::NotFound => said("not_found", "not_found", &detail),
                ErrorKind::Forbidden => said("forbidden", "forbidden", &detail),
                ErrorKind::Invalid(_) | ErrorKind::Conflict(_) => said("invalid", "invalid", &detail),
                ErrorKind::Retry | ErrorKind::Unavailable => {
                    self.unavailable = true;
                    said("unavailable", "unavailable", "the database cannot be reached right now; try again")
                }
                _ => failed(&error),
            },
            error => failed(&error),
        }
    }
}

fn asked(edit: OfflineEdit) -> Asked {
    let seen = match (edit.revision, edit.after) {
        (Some(revision), _) => Sight::Seen(Seen::Revisions(vec![revision])),
        (None, Some(after)) => Sight::After(after.to_string()),
        (None, None) => Sight::Seen(Seen::Any),
    };
    Asked {
        zone: edit.zone_id,
        seen,
        edit: edit.edit.edit,
        frame: edit.edit.frame,
        reason: edit.edit.reason,
        key: Some(edit.op_id.to_string()),
    }
}

fn done_of(done: Done) -> Map<String, Value> {
    let result = match &done {
        Done { repeated: true, .. } => "duplicate",
        Done { merged: true, .. } => "merged",
        _ => "applied",
    };
    let mut answer = Map::new();
    answer.insert("result".to_owned(), result.into());
    answer.insert("zones_revision".to_owned(), done.zones_revision.into());
    answer.insert("zone".to_owned(), json!(done.zone.map(ZoneView::from)));
    if !done.made.is_empty() {
        answer.insert(
            "zones".to_owned(),
            done.made.into_iter().map(|zone| json!(ZoneView::from(zone))).collect(),
        );
    }
    let ids = done.corrections.into_iter().map(|correction| json!(CorrectionView::from(correction).id));
    answer.insert("correction_ids".to_owned(), ids.collect());
    answer
}

/// What a conflict is between, as the API writes it.
pub fn sides(conflict: Conflict) -> Map<String, Value> {
    let mut sides = Map::new();
    sides.insert("fields".to_owned(), json!(conflict.fields));
    sides.insert("base".to_owned(), json!(conflict.base.map(ZoneView::from)));
    sides.insert("theirs".to_owned(), json!(conflict.theirs.map(ZoneView::from)));
    sides.insert("yours".to_owned(), conflict.yours);
    sides
}

fn said(result: &str, code: &str, detail: &str) -> Map<String, Value> {
    let members = [("result", result), ("code", code), ("detail", detail)];
    members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn failed(error: &dyn std::error::Error) -> Map<String, Value> {
    tracing::error!(%error, "an offline edit failed");
    said("failed", "internal", "an error of this program; its log has the particulars")
}
