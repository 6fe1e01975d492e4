//! What was done to the zones of a document: to one of them, by one change, between two points of the history.

use colophon_db::{Scope, Tx};
use colophon_domain::{
    AsOf, Change, DiffCounts, DiffCursor, DocumentId, Invalid, List, Moment, ZoneDiff, ZoneId,
};

use crate::{Error, Platform};

/// A step of a zone's history.
#[derive(Debug, Clone)]
pub struct ZoneEvent {
    /// The change; 0 is before the history began.
    pub revision: i64,
    /// What it did to the zone: a zone that was not there before was created, or came back.
    pub diff: ZoneDiff,
    /// The change on record; none for revision 0.
    pub change: Option<Change>,
}

/// What differs between two points of the history.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The one.
    pub from: Moment,
    /// The other; it may be the earlier one.
    pub to: Moment,
    /// How many zones differ in all; only with the first part of the list.
    pub counts: Option<DiffCounts>,
    /// Zones that differ, in reading order.
    pub zones: List<ZoneDiff, DiffCursor>,
}

/// Where a point of the history lies; one that is still to come is refused.
///
/// # Errors
/// There is no such document; [`Error::Invalid`] names the newest revision.
pub async fn moment<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    field: &'static str,
    as_of: AsOf,
) -> Result<Moment, Error> {
    let moment = tx.changes().at(document, as_of).await?;
    if moment.revision > moment.newest {
        let Moment { revision, newest, .. } = moment;
        let reason = format!("revision {revision} is not there yet; the newest is {newest}");
        return Err(Invalid::new(field, reason).into());
    }
    Ok(moment)
}

/// What was done to a zone, the newest first; also to one that is gone. `before` is where the part before ended.
///
/// # Errors
/// There was never such a zone, or it is not for this scope.
pub async fn of_zone<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    zone_id: ZoneId,
    before: Option<i64>,
    limit: u16,
) -> Result<List<ZoneEvent, i64>, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let (most, limit) = (i64::from(limit) + 1, usize::from(limit));
    let states = tx.zone_history().list(document, zone_id, before, most).await?;
    let mut newer = before;
    let mut events = Vec::new();
    for (n, state) in states.iter().enumerate().take(limit) {
        let event = |revision, before, after| ZoneEvent {
            revision,
            diff: ZoneDiff { zone_id, before, after },
            change: None,
        };
        if let Some(until) = state.until_revision.filter(|until| Some(*until) != newer) {
            events.push(event(until, Some(state.zone.clone()), None));
        }
        let from = state.zones_revision;
        let older = states.get(n + 1).filter(|older| older.until_revision == Some(from));
        events.push(event(from, older.map(|older| older.zone.clone()), Some(state.zone.clone())));
        newer = Some(from);
    }
    let next_cursor = newer.filter(|_| states.len() > limit);
    events.retain(|event| !event.diff.kinds().is_empty());
    let revisions: Vec<i64> = events.iter().map(|event| event.revision).collect();
    let changes = tx.changes().get_many(document, &revisions).await?;
    for event in &mut events {
        event.change = changes.iter().find(|change| change.revision == event.revision).cloned();
    }
    tx.commit().await?;
    Ok(List { items: events, next_cursor })
}

/// What differs between two points of the history, in either direction.
///
/// # Errors
/// There is no such document; a point is still to come.
pub async fn diff<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    (from, to): (AsOf, AsOf),
    after: Option<DiffCursor>,
    limit: u16,
) -> Result<Difference, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let from = moment(&tx, document, "from", from).await?;
    let to = moment(&tx, document, "to", to).await?;
    let backwards = from.revision > to.revision;
    let span = (from.revision.min(to.revision), from.revision.max(to.revision));
    let mut zones = tx.zone_history().diff(document, span, after, limit).await?;
    let mut counts = match after {
        None => Some(tx.zone_history().diff_counts(document, span).await?),
        Some(_) => None,
    };
    tx.commit().await?;
    if backwards {
        for zone in &mut zones.items {
            std::mem::swap(&mut zone.before, &mut zone.after);
        }
        counts = counts.map(|counts| DiffCounts { added: counts.removed, removed: counts.added, ..counts });
    }
    Ok(Difference { from, to, counts, zones })
}
