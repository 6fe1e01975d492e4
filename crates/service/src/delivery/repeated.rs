//! A delivery that is sent again under its key changes nothing, and is answered as the first time.

use colophon_db::{Scope, Tx};
use colophon_domain::{DocumentId, ZoneId};
use serde::{Deserialize, Serialize};

use super::{Counts, Delivered, Item, Once, Outcome};
use crate::Error;

/// Items that are kept for an answer, some 100 bytes each. Of more, only the counts are.
const ITEMS_KEPT: usize = 10_000;

/// What is kept under a key.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    revision: Option<i64>,
    version: i32,
    counts: Counts,
    items: Vec<KeptItem>,
}

/// Place, zone, whether it is new (`true`), changed (`false`) or neither, why it was refused, whether it was cut, and
/// fields that are a person's.
type KeptItem = (Option<i32>, Option<ZoneId>, Option<bool>, Option<String>, bool, Vec<String>);

fn sender<S: Scope>(scope: &S) -> String {
    scope.person().map_or_else(|| "service_role".to_owned(), |person| person.to_string())
}

/// What was delivered before under this key.
pub(super) async fn earlier<S: Scope>(
    tx: &Tx<S>,
    scope: &S,
    once: &Once,
) -> Result<Option<Delivered>, Error> {
    let Some(earlier) = tx.idempotency_keys().get(&sender(scope), &once.key).await? else { return Ok(None) };
    let answer = earlier.answer.filter(|_| earlier.request == once.request).ok_or(Error::KeyReused)?;
    let Kept { revision, version, counts, items } =
        serde_json::from_value(answer).map_err(|_| Error::KeyReused)?;
    let item = |(zone_index, id, new, refused, clamped, kept): KeptItem| Item {
        zone_index,
        id,
        outcome: match (refused, new) {
            (Some(reason), _) => Outcome::Refused(reason.into()),
            (None, Some(true)) => Outcome::Inserted,
            (None, Some(false)) => Outcome::Updated,
            (None, None) => Outcome::Unchanged,
        },
        clamped,
        kept_human: kept.into(),
    };
    let items = items.into_iter().map(item).collect();
    Ok(Some(Delivered { revision, version, items, counts, repeated: true }))
}

/// Keeps what was delivered, in the transaction that delivers it.
pub(super) async fn keep<S: Scope>(
    tx: &Tx<S>,
    scope: &S,
    once: &Once,
    document: DocumentId,
    delivered: &Delivered,
) -> Result<(), Error> {
    let items = if delivered.items.len() > ITEMS_KEPT { &[] } else { delivered.items.as_slice() };
    let item = |item: &Item| -> KeptItem {
        let (new, refused) = match &item.outcome {
            Outcome::Inserted => (Some(true), None),
            Outcome::Updated => (Some(false), None),
            Outcome::Unchanged => (None, None),
            Outcome::Refused(reason) => (None, Some(reason.to_string())),
        };
        (item.zone_index, item.id, new, refused, item.clamped, item.kept_human.to_vec())
    };
    let kept = Kept {
        revision: delivered.revision,
        version: delivered.version,
        counts: delivered.counts,
        items: items.iter().map(item).collect(),
    };
    let answer = serde_json::to_value(kept).ok();
    let keys = tx.idempotency_keys();
    let taken = keys.take_with(&sender(scope), &once.key, &once.request, document.0, answer.as_ref()).await?;
    // Taken for another document, at the same time.
    if taken.is_some() { Err(Error::KeyReused) } else { Ok(()) }
}
