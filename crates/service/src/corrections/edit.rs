//! One edit of one zone, within the transaction that holds its document.

use colophon_db::{Error as DbError, Scope, Tx};
use colophon_domain::corrections::merge;
use colophon_domain::{DocumentId, Invalid, Zone, ZoneEdit, ZoneField, ZoneId, ZonePatch, ZoneStatus};
use serde_json::Value;

use super::{Asked, Conflict, Kept, begin, parts};
use crate::Error;
use crate::delivery::pages_of;
use crate::edit::Seen;

/// Makes the edit, and says what is to be kept of it.
pub(super) async fn make<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    asked: &Asked,
    seen: &Seen,
) -> Result<Kept, Error> {
    let found = tx.corrections().zones(document, &[asked.zone]).await?.pop();
    let Some(zone) = found else { return gone(tx, document, asked, seen).await };
    let mut asked = asked.clone();
    if asked.edit.has_place() {
        let pages = pages_of(tx, document, zone.version).await?;
        asked.edit = asked.edit.placed(zone.page_number, asked.frame, &pages)?;
    }
    let asked = &asked;
    match &asked.edit {
        ZoneEdit::Change(patch) => change(tx, asked, &zone, seen, patch).await,
        ZoneEdit::Delete => delete(tx, asked, &zone, seen).await,
        ZoneEdit::Split(parts) => {
            let merged = untouched(tx, &zone, seen, &asked.edit).await?;
            parts::split(tx, &zone, parts, asked.reason.as_ref(), merged).await
        }
        ZoneEdit::Merge { others, into } => {
            let merged = untouched(tx, &zone, seen, &asked.edit).await?;
            parts::merge(tx, &zone, others, into, asked, merged).await
        }
    }
}

/// What can be said of a zone that is not there: it never was, or it is gone since the editor looked.
async fn gone<S: Scope>(tx: &Tx<S>, document: DocumentId, asked: &Asked, seen: &Seen) -> Result<Kept, Error> {
    let id = asked.zone;
    let Seen::Revisions(revisions) = seen else { return Err(DbError::no_zone(id).into()) };
    tx.corrections().before(document, id, None).await?.ok_or_else(|| DbError::no_zone(id))?;
    let base = tx.corrections().before(document, id, Some(revisions)).await?;
    // Also for a deletion: nobody's verdict is put down by another's, or by a tool's.
    let yours = yours(&asked.edit, base.as_ref());
    let fields = vec!["id".to_owned()];
    Err(Error::ZoneConflict(Box::new(Conflict { zone: id, fields, base, theirs: None, yours })))
}

async fn change<S: Scope>(
    tx: &Tx<S>,
    asked: &Asked,
    zone: &Zone,
    seen: &Seen,
    patch: &ZonePatch,
) -> Result<Kept, Error> {
    let (document, id) = (zone.document_id, zone.id);
    let stale = is_stale(zone, seen);
    let base = base(tx, zone, seen).await?;
    let merged = merge(base.as_ref(), zone, patch).map_err(|fields| {
        let yours = Value::Object(patch.yours(base.as_ref().or(Some(zone))));
        let (base, theirs) = (base.clone(), Some(zone.clone()));
        Error::ZoneConflict(Box::new(Conflict { zone: id, fields, base, theirs, yours }))
    })?;
    if merged.is_empty() {
        return Ok(kept(zone, zone.zones_revision, false, stale));
    }
    keeps_people(tx, zone, merged.fields())?;
    check(tx, zone, &merged).await?;
    let zones_revision = begin(tx, document, asked.reason.as_ref()).await?;
    if let Some(index) = merged.get(ZoneField::ZoneIndex).and_then(Value::as_i64) {
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        tx.corrections().make_room(document, zone.version, index, 1).await?;
    }
    if !tx.corrections().update(document, id, &merged).await? {
        return Err(DbError::no_zone(id).into());
    }
    let zone = tx.corrections().zones(document, &[id]).await?.pop().ok_or_else(|| DbError::no_zone(id))?;
    Ok(kept(&zone, zones_revision, true, stale))
}

fn kept(zone: &Zone, zones_revision: i64, changed: bool, merged: bool) -> Kept {
    let (zones, corrected, revision) = (vec![zone.id], zone.id, Some(zone.revision));
    Kept { zones_revision, changed, merged, revision, zones, corrected }
}

async fn delete<S: Scope>(tx: &Tx<S>, asked: &Asked, zone: &Zone, seen: &Seen) -> Result<Kept, Error> {
    let (document, id) = (zone.document_id, zone.id);
    let merged = untouched(tx, zone, seen, &asked.edit).await?;
    keeps_people(tx, zone, ZoneField::ALL.into_iter())?;
    let zones_revision = begin(tx, document, asked.reason.as_ref()).await?;
    if tx.corrections().delete(document, &[id], zone.parent_id).await? != 1 {
        return Err(DbError::no_zone(id).into());
    }
    let (zones, corrected) = (Vec::new(), id);
    Ok(Kept { zones_revision, changed: true, merged, revision: None, zones, corrected })
}

/// Whether others changed a zone that is to go as a whole, in nothing that its editor could have minded.
pub(super) async fn untouched<S: Scope>(
    tx: &Tx<S>,
    zone: &Zone,
    seen: &Seen,
    edit: &ZoneEdit,
) -> Result<bool, Error> {
    if !is_stale(zone, seen) {
        return Ok(false);
    }
    let base = base(tx, zone, seen).await?;
    // Where it comes in the order is nobody's word on the zone.
    let minded = ZoneField::ALL.into_iter().filter(|field| *field != ZoneField::ZoneIndex);
    let fields: Vec<String> = match &base {
        Some(base) => minded
            .filter(|field| field.of(base) != field.of(zone))
            .map(|field| field.as_str().to_owned())
            .collect(),
        None => vec!["revision".to_owned()],
    };
    if fields.is_empty() {
        return Ok(true);
    }
    let (yours, theirs) = (yours(edit, base.as_ref()), Some(zone.clone()));
    Err(Error::ZoneConflict(Box::new(Conflict { zone: zone.id, fields, base, theirs, yours })))
}

fn yours(edit: &ZoneEdit, base: Option<&Zone>) -> Value {
    match edit {
        ZoneEdit::Change(patch) => Value::Object(patch.yours(base)),
        ZoneEdit::Delete => Value::Null,
        ZoneEdit::Split(_) | ZoneEdit::Merge { .. } => edit.to_json(),
    }
}

fn is_stale(zone: &Zone, seen: &Seen) -> bool {
    matches!(seen, Seen::Revisions(revisions) if !revisions.contains(&zone.revision))
}

/// The zone as the editor saw it; absent where it is not known.
async fn base<S: Scope>(tx: &Tx<S>, zone: &Zone, seen: &Seen) -> Result<Option<Zone>, Error> {
    match seen {
        Seen::Revisions(revisions) if !revisions.contains(&zone.revision) => {
            Ok(tx.corrections().before(zone.document_id, zone.id, Some(revisions)).await?)
        }
        _ => Ok(Some(zone.clone())),
    }
}

/// What a person said stands: the platform, which speaks for tools, does not write over it.
fn keeps_people<S: Scope>(
    tx: &Tx<S>,
    zone: &Zone,
    fields: impl Iterator<Item = ZoneField>,
) -> Result<(), Error> {
    if tx.is_of_a_person() {
        return Ok(());
    }
    let said = |field: &ZoneField| {
        let drawn = zone.created_by.is_some();
        let changed = zone.original.as_ref().is_some_and(|tool| tool.get(field.as_str()).is_some());
        field.is_of_people() && (drawn || changed)
    };
    let fields: Vec<&str> = fields.filter(said).map(ZoneField::as_str).collect();
    if fields.is_empty() {
        return Ok(());
    }
    Err(Error::OfPeople { zone: zone.id, fields: fields.join(", ") })
}

/// What the database would refuse less kindly, or not at all.
async fn check<S: Scope>(tx: &Tx<S>, zone: &Zone, patch: &ZonePatch) -> Result<(), Error> {
    if let Some(status) = patch.get(ZoneField::Status).and_then(Value::as_str) {
        let (from, to): (ZoneStatus, ZoneStatus) = (zone.status.parse()?, status.parse()?);
        if !from.next().contains(&to) {
            let next: Vec<&str> = from.next().iter().map(|status| status.as_str()).collect();
            let reason = format!("a zone that is {from} cannot become {to}, only {}", next.join(", "));
            return Err(Invalid::new("status", reason).into());
        }
    }
    if let Some(Value::Object(metadata)) = patch.get(ZoneField::Metadata) {
        colophon_domain::metadata::check(metadata)?;
    }
    match patch.get(ZoneField::ParentId).and_then(Value::as_str).and_then(|id| id.parse().ok()) {
        Some(parent) => check_parent(tx, zone, parent).await,
        None => Ok(()),
    }
}

pub(super) async fn check_parent<S: Scope>(tx: &Tx<S>, zone: &Zone, parent: ZoneId) -> Result<(), Error> {
    let ancestors = tx.corrections().ancestors(zone.document_id, parent, zone.version).await?;
    let refuse = |reason: String| Err(Invalid::new("parent_id", reason).into());
    if ancestors.is_empty() {
        return refuse(format!("there is no zone {parent} in this version of the document"));
    }
    if ancestors.contains(&zone.id) {
        return refuse(format!("zone {parent} is this zone, or a part of it"));
    }
    Ok(())
}
