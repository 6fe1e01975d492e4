//! Zones are changed by people, and nothing that anybody said is lost by it.
//!
//! One transaction: the document is held, the edit is laid over what others did since its editor looked
//! ([`colophon_domain::corrections::merge()`]), the change is opened and written, and the idempotency key is taken with
//! what is needed to answer again. A crash before the commit leaves nothing; after it, the same key is answered with
//! what was done. Corrections of single fields are put down by the database, whoever writes; those of splits and merges
//! here.

mod edit;
mod parts;
pub mod replay;

use std::fmt::Write as _;
use std::time::Duration;

use colophon_db::{ErrorKind, Scope, Tx};
use colophon_domain::geometry::Frame;
use colophon_domain::{ChangeKind, Correction, DocumentId, NewChange, Zone, ZoneEdit, ZoneId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::edit::Seen;
use crate::{Error, Platform};

/// How often an edit is tried that met another one in a deadlock.
const ATTEMPTS: u32 = 4;
/// What somebody waits between, at most as long.
const PAUSE: Duration = Duration::from_millis(40);

/// An edit of a zone, with all that decides what becomes of it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The zone.
    pub zone: ZoneId,
    /// Which revision of it the editor saw.
    pub seen: Sight,
    /// What is to be done.
    pub edit: ZoneEdit,
    /// The frame in whose numbers it gives places.
    pub frame: Frame,
    /// Why.
    pub reason: Option<String>,
    /// Makes it harmless to ask again.
    pub key: Option<String>,
}

/// What the editor of a zone had before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// One of these revisions of the zone, or whatever is there.
    Seen(Seen),
    /// What an earlier edit of theirs made, known by its key.
    After(String),
}

/// What became of an edit.
#[derive(Debug, Clone)]
pub struct Done {
    /// The zone as the edit left it, or the one that a merge made; of a split the first part; absent once deleted.
    pub zone: Option<Zone>,
    /// The zones of a split or a merge.
    pub made: Vec<Zone>,
    /// What was put down about it.
    pub corrections: Vec<Correction>,
    /// Whether others changed the zone since its editor looked, and both are kept.
    pub merged: bool,
    /// Whether it was done before, under the same key.
    pub repeated: bool,
    /// The revision of the document's zones that it made; the one that stood where there was nothing to do.
    pub zones_revision: i64,
}

/// Two edits that touch.
#[derive(Debug, Clone)]
pub struct Conflict {
    /// The zone.
    pub zone: ZoneId,
    /// The fields that both changed, each to something else.
    pub fields: Vec<String>,
    /// The zone as the editor saw it, where that is known.
    pub base: Option<Zone>,
    /// The zone as it stands; absent where it is gone.
    pub theirs: Option<Zone>,
    /// What the editor wants of it: the fields that the edit names; null where it is to go.
    pub yours: Value,
}

/// What is kept of an edit under its key. Zones and corrections are read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    zones_revision: i64,
    changed: bool,
    merged: bool,
    /// The zone's revision afterwards: what an edit that follows builds on.
    revision: Option<i64>,
    zones: Vec<ZoneId>,
    /// The zone that the corrections are of.
    corrected: ZoneId,
}

/// Does what a person asks of a zone.
///
/// # Errors
/// There is no such document or zone, or it may only be read ([`Error::Database`]); [`Error::InTrash`];
/// [`Error::ZoneConflict`] where others changed the same; [`Error::OfPeople`] where the platform would write over a
/// person's word; [`Error::KeyReused`], [`Error::NothingBefore`]; [`Error::Invalid`].
pub async fn correct<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    asked: &Asked,
) -> Result<Done, Error> {
    let mut attempt = 1;
    loop {
        match once(platform, scope, document, asked).await {
            // Rolled back as a whole, so nothing of it was done.
            Err(Error::Database(error)) if *error.kind() == ErrorKind::Retry && attempt < ATTEMPTS => {
                tracing::debug!(%error, attempt, "an edit met another one, and is tried again");
                tokio::time::sleep(PAUSE * attempt).await;
                attempt += 1;
            }
            ended => return ended,
        }
    }
}

async fn once<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    asked: &Asked,
) -> Result<Done, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let in_trash = tx.corrections().lock(document).await?;
    let editor = scope.person().map_or_else(|| "service_role".to_owned(), |person| person.to_string());
    let request = request_of(document, asked);
    // Whoever asked the same at the same time held the document, and has committed.
    if let Some(key) = &asked.key
        && let Some(earlier) = tx.idempotency_keys().get(&editor, key).await?
    {
        let kept = earlier.answer.filter(|_| earlier.request == request).ok_or(Error::KeyReused)?;
        let kept = serde_json::from_value(kept).map_err(|_| Error::KeyReused)?;
        let done = answer(&tx, document, &kept, true).await?;
        tx.commit().await?;
        return Ok(done);
    }
    if in_trash {
        return Err(Error::InTrash { document });
    }
    let seen = seen(&tx, &editor, &asked.seen).await?;
    let kept = edit::make(&tx, document, asked, &seen).await?;
    let done = answer(&tx, document, &kept, false).await?;
    if let Some(key) = &asked.key {
        let answer = serde_json::to_value(&kept).ok();
        let zone = asked.zone.0;
        if tx.idempotency_keys().take_with(&editor, key, &request, zone, answer.as_ref()).await?.is_some() {
            // On another document, at the same time.
            return Err(Error::KeyReused);
        }
    }
    tx.commit().await?;
    Ok(done)
}

/// The revisions that the editor may have seen.
async fn seen<S: Scope>(tx: &Tx<S>, editor: &str, sight: &Sight) -> Result<Seen, Error> {
    let key = match sight {
        Sight::Seen(seen) => return Ok(seen.clone()),
        Sight::After(key) => key,
    };
    let earlier = tx.idempotency_keys().get(editor, key).await?.and_then(|earlier| earlier.answer);
    let kept = earlier.and_then(|answer| serde_json::from_value::<Kept>(answer).ok());
    let revision =
        kept.and_then(|kept| kept.revision).ok_or_else(|| Error::NothingBefore { key: key.clone() })?;
    Ok(Seen::Revisions(vec![revision]))
}

/// What the edit did, as it stood when it had been done.
async fn answer<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    kept: &Kept,
    repeated: bool,
) -> Result<Done, Error> {
    let Kept { zones_revision, changed, merged, corrected, .. } = *kept;
    let corrections = tx.corrections();
    let mut zones = corrections.as_of(document, &kept.zones, zones_revision).await?;
    let put_down =
        if changed { corrections.of_change(document, corrected, zones_revision).await? } else { Vec::new() };
    let made = if put_down.iter().any(|correction| !correction.zone_ids.is_empty()) {
        zones.clone()
    } else {
        Vec::new()
    };
    let zone = (!zones.is_empty()).then(|| zones.swap_remove(0));
    Ok(Done { zone, made, corrections: put_down, merged, repeated, zones_revision })
}

/// What the edit is, as its idempotency key remembers it: the same whichever way it comes.
fn request_of(document: DocumentId, asked: &Asked) -> String {
    let seen = match &asked.seen {
        Sight::Seen(Seen::Any) => Value::Null,
        Sight::Seen(Seen::Revisions(revisions)) => json!(revisions),
        Sight::After(key) => json!(key),
    };
    let frame = asked.frame.to_string();
    let edit = json!({ "seen": seen, "edit": asked.edit.to_json(), "frame": frame, "reason": asked.reason });
    let mut request = format!("correction of {document} {} ", asked.zone);
    for byte in Sha256::digest(edit.to_string()) {
        let _ = write!(request, "{byte:02x}");
    }
    request
}

/// Opens the change; gives its revision.
async fn begin<S: Scope>(tx: &Tx<S>, document: DocumentId, reason: Option<&String>) -> Result<i64, Error> {
    let change = NewChange { reason: reason.cloned(), ..NewChange::of(ChangeKind::Edit) };
    Ok(tx.changes().begin(document, &change).await?)
}
