//! What one zone's undoing means for the others: parts of a zone that would go, places in the reading order that are
//! taken meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Kept, Write};
use crate::zone_history::{ZoneImage, changed, value};
use crate::{Invalid, ZoneId};

/// A live zone that is a part of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The part.
    pub zone_id: ZoneId,
    /// The zone that it belongs to.
    pub parent_id: ZoneId,
    /// The change that made the part what it is.
    pub zones_revision: i64,
}

/// Where a live zone stands in the reading order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The zone.
    pub zone_id: ZoneId,
    /// Its version of the document.
    pub version: i32,
    /// Its place.
    pub zone_index: i32,
}

/// Writes that can be made, one kind after the other: `park`, `inserts`, `updates`, `deletes`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settled {
    /// Zones whose place another one takes: out of the way first, to this place.
    pub park: Vec<(ZoneId, i32)>,
    /// Zones that come back; parents before their parts.
    pub inserts: Vec<ZoneImage>,
    /// Zones as they will be.
    pub updates: Vec<ZoneImage>,
    /// Zones that go.
    pub deletes: Vec<ZoneId>,
    /// What stays.
    pub kept: Vec<Kept>,
    /// Zones that do not get back their place in the reading order, which is another's by now: the place that they had,
    /// and the next free one, which they get.
    pub reindexed: Vec<(ZoneId, i32, i32)>,
}

/// Settles the writes of a document's zones among each other. `parts` are the live parts of all zones to be deleted,
/// `parents` those zones that live of all that are named as `parent_id`, `places` where every live zone stands (none are
/// needed where no zone comes back or gets another place).
///
/// # Errors
/// The reading order has no place left.
pub fn settle(
    writes: Vec<Write>,
    parts: &[Part],
    parents: &HashSet<ZoneId>,
    places: &[Place],
) -> Result<Settled, Invalid> {
    let mut settled = Settled::default();
    let mut deletes: HashMap<ZoneId, ZoneImage> = HashMap::new();
    let (mut inserts, mut updates) = (Vec::new(), Vec::new());
    for write in writes {
        match write {
            Write::Insert(zone) => inserts.push(zone),
            Write::Update { zone, current } => updates.push((zone, current)),
            Write::Delete(zone) => drop(deletes.insert(id_of(&zone), zone)),
        }
    }
    keep_parents(&mut settled, &mut deletes, &updates, parts);

    let back: HashSet<ZoneId> = inserts.iter().map(id_of).collect();
    let there = |id: ZoneId| back.contains(&id) || (parents.contains(&id) && !deletes.contains_key(&id));
    for zone in &mut inserts {
        orphan(zone, &Value::Null, &there, &mut settled.kept);
    }
    for (zone, current) in &mut updates {
        let stays = value(Some(current), "parent_id").clone();
        orphan(zone, &stays, &there, &mut settled.kept);
    }
    place(&mut settled, &mut inserts, &mut updates, &deletes, places)?;
    settled.inserts = parents_first(inserts);
    settled.updates = updates.into_iter().map(|(zone, _)| zone).collect();
    settled.deletes = deletes.into_keys().collect();
    settled.deletes.sort_unstable_by_key(|id| id.0);
    Ok(settled)
}

/// A zone with parts that stay, stays.
fn keep_parents(
    settled: &mut Settled,
    deletes: &mut HashMap<ZoneId, ZoneImage>,
    updates: &[(ZoneImage, ZoneImage)],
    parts: &[Part],
) {
    let moved: HashMap<ZoneId, Option<ZoneId>> =
        updates.iter().map(|(zone, _)| (id_of(zone), parent_of(zone))).collect();
    // A zone that stays may be a part itself.
    loop {
        let stays = |part: &&Part| {
            let parent = moved.get(&part.zone_id).copied().unwrap_or(Some(part.parent_id));
            parent == Some(part.parent_id) && !deletes.contains_key(&part.zone_id)
        };
        let held = parts.iter().filter(stays).filter(|part| deletes.contains_key(&part.parent_id));
        let held: Vec<Part> = held.copied().collect();
        if held.is_empty() {
            return;
        }
        for part in held.into_iter().filter(|part| deletes.remove(&part.parent_id).is_some()) {
            settled.kept.push(Kept {
                zone_id: part.parent_id,
                field: "zone",
                value: json!(part.parent_id),
                revision: Some(part.zones_revision).filter(|revision| *revision > 0),
            });
        }
    }
}

/// A zone whose parent is not there any more has none, or the one that it has now.
fn orphan(zone: &mut ZoneImage, stays: &Value, there: &impl Fn(ZoneId) -> bool, kept: &mut Vec<Kept>) {
    if parent_of(zone).is_none_or(there) || value(Some(zone), "parent_id") == stays {
        return;
    }
    let zone_id = id_of(zone);
    zone.insert("parent_id".to_owned(), stays.clone());
    kept.push(Kept { zone_id, field: "parent_id", value: stays.clone(), revision: None });
}

/// Gives every zone that comes back, or gets another place, its place or the next free one.
fn place(
    settled: &mut Settled,
    inserts: &mut [ZoneImage],
    updates: &mut Vec<(ZoneImage, ZoneImage)>,
    deletes: &HashMap<ZoneId, ZoneImage>,
    places: &[Place],
) -> Result<(), Invalid> {
    let leaving = leaving_of(updates);
    let mut wanting: Vec<&mut ZoneImage> = inserts.iter_mut().collect();
    wanting.extend(updates.iter_mut().map(|(zone, _)| zone).filter(|zone| leaving.contains(&id_of(zone))));
    if wanting.is_empty() {
        return Ok(());
    }
    let mut taken: BTreeSet<(i32, i32)> = places
        .iter()
        .filter(|place| !leaving.contains(&place.zone_id) && !deletes.contains_key(&place.zone_id))
        .map(|place| (place.version, place.zone_index))
        .collect();
    wanting.sort_by_key(|zone| (version_of(zone), index_of(zone)));
    // Whose place is free has it; the others take what nobody wanted.
    let placed: Vec<bool> =
        wanting.iter().map(|zone| taken.insert((version_of(zone), index_of(zone)))).collect();
    // Everything from the place wanted last up to here is taken.
    let mut full: BTreeMap<i32, i32> = BTreeMap::new();
    for (zone, _) in wanting.into_iter().zip(placed).filter(|(_, placed)| !placed) {
        let (version, wanted) = (version_of(zone), index_of(zone));
        let from = wanted.max(full.get(&version).copied().unwrap_or(0));
        let free = |index: &i32| !taken.contains(&(version, *index));
        let index = (from..i32::MAX).find(free).or_else(|| (0..from).find(free));
        let index = index.ok_or_else(|| Invalid::new("zone_index", "every place is taken"))?;
        taken.insert((version, index));
        full.insert(version, index.saturating_add(1));
        settled.reindexed.push((id_of(zone), wanted, index));
        zone.insert("zone_index".to_owned(), index.into());
    }
    // What finds its own place again, and nothing else to change, stays as it is.
    updates.retain(|(zone, current)| changed(Some(current), Some(zone)).next().is_some());
    let leaving: HashSet<ZoneId> = leaving_of(updates);
    // Uniqueness is looked at row by row: what stands on a place that is given away steps aside first.
    let mut aside = i32::MAX;
    for place in places {
        let leaves = leaving.contains(&place.zone_id);
        let gone = deletes.contains_key(&place.zone_id);
        if leaves || (gone && taken.contains(&(place.version, place.zone_index))) {
            while taken.contains(&(place.version, aside)) {
                aside -= 1;
            }
            settled.park.push((place.zone_id, aside));
            aside -= 1;
        }
    }
    Ok(())
}

/// Zones that get another place.
fn leaving_of(updates: &[(ZoneImage, ZoneImage)]) -> HashSet<ZoneId> {
    let leaving = updates.iter().filter(|(zone, current)| index_of(zone) != index_of(current));
    leaving.map(|(zone, _)| id_of(zone)).collect()
}

/// Parents before their parts; a ring of them as it comes.
fn parents_first(mut zones: Vec<ZoneImage>) -> Vec<ZoneImage> {
    let parents: HashMap<ZoneId, Option<ZoneId>> =
        zones.iter().map(|zone| (id_of(zone), parent_of(zone))).collect();
    let depth = |zone: &ZoneImage| {
        let mut depth = 0;
        let mut parent = parent_of(zone);
        while let Some(up) = parent.filter(|_| depth < parents.len()) {
            depth += 1;
            parent = parents.get(&up).copied().flatten();
        }
        depth
    };
    zones.sort_by_cached_key(depth);
    zones
}

fn id_of(zone: &ZoneImage) -> ZoneId {
    ZoneId(uuid_of(zone, "id").unwrap_or_default())
}

fn parent_of(zone: &ZoneImage) -> Option<ZoneId> {
    uuid_of(zone, "parent_id").map(ZoneId)
}

fn uuid_of(zone: &ZoneImage, field: &str) -> Option<Uuid> {
    value(Some(zone), field).as_str().and_then(|text| Uuid::parse_str(text).ok())
}

fn index_of(zone: &ZoneImage) -> i32 {
    number(zone, "zone_index")
}

fn version_of(zone: &ZoneImage) -> i32 {
    number(zone, "version")
}

fn number(zone: &ZoneImage, field: &str) -> i32 {
    value(Some(zone), field).as_i64().and_then(|number| i32::try_from(number).ok()).unwrap_or(0)
}
