//! One zone becomes several, several become one. The old ones go and stay in the history; what comes was drawn by a
//! person.

use std::collections::BTreeMap;

use colophon_db::{Error as DbError, Scope, Tx};
use colophon_domain::corrections::ZonePart;
use colophon_domain::{
    BoundingBox, Coordinates, CorrectionType, Invalid, NewCorrection, Region, Zone, ZoneField, ZoneId,
    ZoneStatus,
};
use serde_json::{Value, json};

use super::edit::{check_parent, untouched};
use super::{Asked, Kept, begin};
use crate::Error;
use crate::edit::Seen;

/// Several zones in the place of one, in the order given. Its own parts become parts of the first.
pub(super) async fn split<S: Scope>(
    tx: &Tx<S>,
    zone: &Zone,
    parts: &[ZonePart],
    reason: Option<&String>,
    merged: bool,
) -> Result<Kept, Error> {
    person(tx)?;
    for part in parts {
        placed(tx, zone, part).await?;
    }
    let (document, version) = (zone.document_id, zone.version);
    let ids: Vec<ZoneId> = parts.iter().map(|_| ZoneId::new()).collect();
    let count = i32::try_from(parts.len()).unwrap_or(i32::MAX);
    let behind = zone.zone_index.saturating_add(1);
    let zones_revision = begin(tx, document, reason).await?;
    tx.corrections().say_nothing().await?;
    tx.corrections().make_room(document, version, behind, count).await?;
    let objects = ids.iter().zip(parts).zip(behind..).map(|((id, part), index)| {
        object(*id, index, part, zone, zone.coordinates.clone(), zone.content.clone().into())
    });
    tx.corrections().insert_zones(document, version, objects.collect()).await?;
    take(tx, zone, &[zone.id], ids.first().copied()).await?;
    let record = NewCorrection {
        correction_type: CorrectionType::Split,
        zone_id: zone.id,
        zones_revision,
        took: &[zone.id],
        made: &ids,
        reason: reason.map(String::as_str),
    };
    tx.corrections().insert(document, &record).await?;
    Ok(Kept { zones_revision, changed: true, merged, revision: Some(1), zones: ids, corrected: zone.id })
}

/// One zone in the place of several, where the first of them stood. Their parts become its parts.
pub(super) async fn merge<S: Scope>(
    tx: &Tx<S>,
    zone: &Zone,
    others: &BTreeMap<ZoneId, Option<i64>>,
    into: &ZonePart,
    asked: &Asked,
    mut merged: bool,
) -> Result<Kept, Error> {
    person(tx)?;
    let document = zone.document_id;
    let mut ids = vec![zone.id];
    ids.extend(others.keys().filter(|id| **id != zone.id));
    let zones = tx.corrections().zones(document, &ids).await?;
    if let Some(missing) = ids.iter().find(|id| zones.iter().all(|zone| zone.id != **id)) {
        return Err(DbError::no_zone(*missing).into());
    }
    if zones.iter().any(|other| other.version != zone.version) {
        return Err(Invalid::new("zone_ids", "are of several versions of the document").into());
    }
    for other in &zones {
        if let Some(Some(revision)) = others.get(&other.id) {
            merged |= untouched(tx, other, &Seen::Revisions(vec![*revision]), &asked.edit).await?;
        }
    }
    let [first, ..] = zones.as_slice() else { return Err(DbError::no_zone(zone.id).into()) };
    for zone in &zones {
        placed(tx, zone, into).await?;
    }
    let (id, reason) = (ZoneId::new(), asked.reason.as_ref());
    let texts: Vec<&str> = zones.iter().filter_map(|zone| zone.content.as_deref()).collect();
    let content = if texts.is_empty() { Value::Null } else { texts.join("\n").into() };
    let outside = Zone { parent_id: parent_of(tx, first, &ids).await?, ..first.clone() };
    let behind = first.zone_index.saturating_add(1);
    let zones_revision = begin(tx, document, reason).await?;
    tx.corrections().say_nothing().await?;
    tx.corrections().make_room(document, first.version, behind, 1).await?;
    let one = object(id, behind, into, &outside, union(&zones), content);
    tx.corrections().insert_zones(document, first.version, vec![one]).await?;
    take(tx, first, &ids, Some(id)).await?;
    let record = NewCorrection {
        correction_type: CorrectionType::Merge,
        zone_id: id,
        zones_revision,
        took: &ids,
        made: &[id],
        reason: reason.map(String::as_str),
    };
    tx.corrections().insert(document, &record).await?;
    Ok(Kept { zones_revision, changed: true, merged, revision: Some(1), zones: vec![id], corrected: id })
}

/// A split or a merge is a person's word: a tool delivers its zones as a run.
fn person<S: Scope>(tx: &Tx<S>) -> Result<(), Error> {
    if tx.is_of_a_person() { Ok(()) } else { Err(Error::NoPerson) }
}

/// What a part is to be a part of must be there, and must not go itself.
async fn placed<S: Scope>(tx: &Tx<S>, zone: &Zone, part: &ZonePart) -> Result<(), Error> {
    match part.0.get(ZoneField::ParentId).and_then(Value::as_str).and_then(|id| id.parse().ok()) {
        Some(parent) => check_parent(tx, zone, parent).await,
        None => Ok(()),
    }
}

/// The nearest zone that a zone is a part of and that does not go.
async fn parent_of<S: Scope>(tx: &Tx<S>, zone: &Zone, going: &[ZoneId]) -> Result<Option<ZoneId>, Error> {
    let mut parent = zone.parent_id;
    for _ in going {
        let Some(id) = parent.filter(|id| going.contains(id)) else { break };
        let above = tx.corrections().zones(zone.document_id, &[id]).await?.pop();
        parent = above.and_then(|above| above.parent_id);
    }
    Ok(parent.filter(|id| !going.contains(id)))
}

async fn take<S: Scope>(
    tx: &Tx<S>,
    zone: &Zone,
    ids: &[ZoneId],
    parent: Option<ZoneId>,
) -> Result<(), Error> {
    let count = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    if tx.corrections().delete(zone.document_id, ids, parent).await? != count {
        return Err(DbError::no_zone(zone.id).into());
    }
    Ok(())
}

/// A zone to be stored: what the person says, else what is there.
fn object(id: ZoneId, index: i32, part: &ZonePart, like: &Zone, coordinates: Value, content: Value) -> Value {
    let said = |field: ZoneField, there: Value| part.0.get(field).cloned().unwrap_or(there);
    let of_like = |field: ZoneField| said(field, field.of(like));
    json!({
        "id": id,
        "zone_index": index,
        "page_number": like.page_number,
        "zone_type": of_like(ZoneField::ZoneType),
        "coordinates": said(ZoneField::Coordinates, coordinates),
        "content": said(ZoneField::Content, content),
        "status": ZoneStatus::Completed.as_str(),
        "metadata": said(ZoneField::Metadata, json!({})),
        "label": of_like(ZoneField::Label),
        "parent_id": of_like(ZoneField::ParentId),
        "language": of_like(ZoneField::Language),
    })
}

/// The box around all regions on the first zone's page; what lies on other pages are further regions.
fn union(zones: &[Zone]) -> Value {
    let mut by_page: BTreeMap<i32, Vec<[f64; 2]>> = BTreeMap::new();
    for zone in zones {
        // A zone without a place has none to bring.
        let Ok(shape) = serde_json::from_value::<Coordinates>(zone.coordinates.clone()) else { continue };
        let own = std::iter::once((zone.page_number, shape.bounding_box));
        let others = shape.regions.iter().map(|region| (region.page_number, region.bounding_box));
        for (page, b) in own.chain(others) {
            by_page.entry(page).or_default().extend([[b.x0, b.y0], [b.x1, b.y1]]);
        }
    }
    let page = zones.first().map_or(1, |zone| zone.page_number);
    let Some(bounding_box) = by_page.remove(&page).as_deref().and_then(BoundingBox::around) else {
        return json!({});
    };
    let region = |(page_number, points): (i32, Vec<[f64; 2]>)| {
        Some(Region { page_number, bounding_box: BoundingBox::around(&points)?, polygon: None })
    };
    let regions = by_page.into_iter().filter_map(region).collect();
    json!(Coordinates { regions, ..Coordinates::from(bounding_box) })
}
