//! Undoing changes of zones, field by field.
//!
//! A zone is played again from before the first change that is to be undone, without those changes. So what nobody
//! touched later is as it was before, and what somebody touched later stays theirs. What the undone changes did to a
//! field that somebody changed later is told as [`Kept`].

mod settle;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::ZoneId;
use crate::zone_history::{FIELDS, Step, ZoneImage, ZoneState, changed, steps, value};

pub use settle::{Part, Place, Settled, settle};

/// Fields of which `original` keeps what the tool says, once a person has changed them.
const HUMAN: [&str; 4] = ["content", "zone_type", "coordinates", "status"];

/// What is to be written of one zone.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// It comes back.
    Insert(ZoneImage),
    /// These fields change.
    Update {
        /// The zone as it will be.
        zone: ZoneImage,
        /// The zone as it is.
        current: ZoneImage,
    },
    /// It goes.
    Delete(ZoneImage),
}

/// What stays although it should be undone, since somebody changed it later.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The zone.
    pub zone_id: ZoneId,
    /// The field; `zone` where it is a matter of there being one.
    pub field: &'static str,
    /// The value that stays; null of a zone that is not there.
    pub value: Value,
    /// The later change; absent where it is none in particular.
    pub revision: Option<i64>,
}

/// What undoing changes means for one zone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ZonePlan {
    /// What is to be written; nothing, where the zone is already so.
    pub write: Option<Write>,
    /// What stays.
    pub kept: Vec<Kept>,
}

/// The changes to leave out where `chosen` are undone: those, and what was undone of them and done again since. `undos`
/// are the undoings after the first of them, oldest first, each with the changes that it undid.
pub fn left_out(chosen: &BTreeSet<i64>, undos: &[(i64, Vec<i64>)]) -> BTreeSet<i64> {
    let (mut out, mut back) = (chosen.clone(), BTreeSet::new());
    let mut redone = BTreeSet::new();
    for (revision, undoes) in undos.iter().filter(|(_, undoes)| !undoes.is_empty()) {
        if undoes.iter().all(|undone| out.contains(undone)) {
            back.insert(*revision);
        } else if undoes.iter().all(|undone| back.contains(undone)) {
            redone.extend(undoes);
            out.insert(*revision);
        }
    }
    out.append(&mut redone);
    out
}

/// A zone as it is played again.
enum Replay {
    Absent,
    Present(ZoneImage),
    /// Its creation is undone; it stays only if somebody made something of it.
    Unfounded {
        created: ZoneImage,
        zone: ZoneImage,
    },
}

/// Plans the undoing of changes for one zone: `states` are all its states that stood or ended at the first of those
/// changes or later, in order.
pub fn plan(zone_id: ZoneId, states: &[ZoneState], undone: &BTreeSet<i64>) -> ZonePlan {
    let Some(&since) = undone.first() else { return ZonePlan::default() };
    let steps = steps(states, since);
    let first = states.first().filter(|state| state.zones_revision < since).map(|state| &state.zone);
    let current = states.last().filter(|state| state.until_revision.is_none()).map(|state| &state.zone);

    let mut replay = first.map_or(Replay::Absent, |zone| Replay::Present(zone.clone()));
    for step in &steps {
        replay = replayed(replay, step, undone.contains(&step.revision));
    }
    let mut kept = Vec::new();
    let target = match replay {
        Replay::Absent => None,
        Replay::Present(zone) => Some(zone),
        Replay::Unfounded { created, zone } => {
            let theirs: Vec<_> = changed(Some(&created), Some(&zone)).filter(|f| *f != "original").collect();
            kept.extend(theirs.iter().map(|field| Kept {
                zone_id,
                field,
                value: value(Some(&zone), field).clone(),
                revision: last_change(&steps, undone, field),
            }));
            (!theirs.is_empty()).then_some(zone)
        }
    };
    if kept.is_empty() {
        kept = kept_of(zone_id, &steps, undone, current, target.as_ref());
    }
    let write = match (current, target) {
        (None, None) => None,
        (None, Some(mut zone)) => {
            // What it was last known by: only the fields are played again.
            if let Some(last) = states.last() {
                zone.extend(last.zone.iter().filter(|(f, _)| !FIELDS.contains(&f.as_str())).map(owned));
            }
            Some(Write::Insert(zone))
        }
        (Some(current), None) => Some(Write::Delete(current.clone())),
        (Some(current), Some(target)) => {
            let mut zone = current.clone();
            zone.extend(target.iter().filter(|(f, _)| FIELDS.contains(&f.as_str())).map(owned));
            let differs = changed(Some(current), Some(&zone)).next().is_some();
            differs.then(|| Write::Update { zone, current: current.clone() })
        }
    };
    ZonePlan { write, kept }
}

fn owned((field, value): (&String, &Value)) -> (String, Value) {
    (field.clone(), value.clone())
}

/// The zone after a step, which is left out where it is undone.
fn replayed(replay: Replay, step: &Step<'_>, undone: bool) -> Replay {
    match (step.before, step.after, replay) {
        (None, Some(after), Replay::Absent) if undone => {
            Replay::Unfounded { created: after.clone(), zone: after.clone() }
        }
        (_, _, replay) if undone => replay,
        (_, None, _) => Replay::Absent,
        (None, Some(after), _) | (Some(_), Some(after), Replay::Absent) => Replay::Present(after.clone()),
        (Some(before), Some(after), Replay::Present(mut zone)) => {
            apply(&mut zone, before, after);
            Replay::Present(zone)
        }
        (Some(before), Some(after), Replay::Unfounded { created, mut zone }) => {
            apply(&mut zone, before, after);
            Replay::Unfounded { created, zone }
        }
    }
}

/// Does to `zone` what made `after` of `before`.
fn apply(zone: &mut ZoneImage, before: &ZoneImage, after: &ZoneImage) {
    let mut original = object(value(Some(zone), "original"));
    for field in HUMAN {
        apply_word(zone, &mut original, field, before, after);
    }
    for field in changed(Some(before), Some(after)).filter(|field| !HUMAN.contains(field)) {
        match field {
            "original" => {}
            // Keys of their own: one tool's do not undo another's.
            "metadata" => {
                let mut metadata = object(value(Some(zone), field));
                let (old, new) = (object(value(Some(before), field)), object(value(Some(after), field)));
                metadata.retain(|key, _| !old.contains_key(key) || new.contains_key(key));
                metadata.extend(new.into_iter().filter(|(key, value)| old.get(key) != Some(value)));
                zone.insert(field.to_owned(), metadata.into());
            }
            _ => {
                zone.insert(field.to_owned(), value(Some(after), field).clone());
            }
        }
    }
    let original = if original.is_empty() { Value::Null } else { original.into() };
    zone.insert("original".to_owned(), original);
}

/// A field that people and tools both speak of. A person's word lies over the tool's; what a tool says then goes to
/// `original`. Which of both spoke is seen by what the step did to `original`.
fn apply_word(
    zone: &mut ZoneImage,
    original: &mut Map<String, Value>,
    field: &str,
    before: &ZoneImage,
    after: &ZoneImage,
) {
    let (old, new) = (value(Some(before), field), value(Some(after), field));
    let tool = |zone| value(Some(zone), "original").get(field).cloned();
    let (tool_before, tool_after) = (tool(before), tool(after));
    if old == new && tool_before == tool_after {
        return;
    }
    let set = |zone: &mut ZoneImage, value: &Value| zone.insert(field.to_owned(), value.clone());
    // What the tool says, as it is played again.
    let said = original.get(field).or_else(|| zone.get(field)).cloned().unwrap_or_default();
    match (tool_before, tool_after) {
        (None, None) => {
            set(zone, new);
            original.remove(field);
        }
        // A tool spoke beneath a person's word; where that word is undone, the tool's is the field's.
        (Some(was), Some(is)) if was != is && old == new => {
            if original.contains_key(field) {
                original.insert(field.to_owned(), is);
            } else {
                set(zone, &is);
            }
        }
        (Some(was), Some(is)) if was != is => {
            set(zone, new);
            original.insert(field.to_owned(), is);
        }
        // A person spoke, over whatever the tool says now.
        _ if old != new => {
            set(zone, new);
            if said == *new || !value(Some(after), "created_by").is_null() {
                original.remove(field);
            } else {
                original.insert(field.to_owned(), said);
            }
        }
        (_, Some(is)) => {
            original.insert(field.to_owned(), is);
        }
        (_, None) => {
            original.remove(field);
        }
    }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// What the undone changes did and cannot be taken back, since somebody came later.
fn kept_of(
    zone_id: ZoneId,
    steps: &[Step<'_>],
    undone: &BTreeSet<i64>,
    current: Option<&ZoneImage>,
    target: Option<&ZoneImage>,
) -> Vec<Kept> {
    let ours = |step: &&Step<'_>| undone.contains(&step.revision);
    let Some(first) = steps.iter().find(ours) else { return Vec::new() };
    let Some(current) = current else {
        // Somebody deleted what was to be changed back. That something created is gone is no loss.
        let last = steps.last().filter(|step| step.after.is_none() && !undone.contains(&step.revision));
        let gone = last.filter(|_| target.is_none() && first.before.is_some());
        let kept = |step: &Step<'_>| Kept {
            zone_id,
            field: "zone",
            value: Value::Null,
            revision: Some(step.revision),
        };
        return gone.map(kept).into_iter().collect();
    };
    let mut kept = Vec::new();
    let touched: Vec<(&Step<'_>, Vec<&str>)> =
        steps.iter().map(|step| (step, step.changed().collect())).collect();
    let fields: BTreeSet<&'static str> = steps.iter().filter(ours).flat_map(Step::changed).collect();
    for field in FIELDS.into_iter().filter(|field| *field != "original" && fields.contains(field)) {
        let mut of_field =
            touched.iter().filter(|(_, changed)| changed.contains(&field)).map(|(step, _)| *step);
        let Some(last) = of_field.clone().next_back() else { continue };
        let both = |step: &Step<'_>| step.before.is_some() && step.after.is_some();
        let Some(from) = of_field.find(|step| ours(step) && both(step)) else { continue };
        let value = value(Some(current), field);
        let stays = value == crate::zone_history::value(target, field);
        let differs = value != crate::zone_history::value(from.before, field);
        if !undone.contains(&last.revision) && stays && differs {
            kept.push(Kept { zone_id, field, value: value.clone(), revision: Some(last.revision) });
        }
    }
    kept
}

/// The last change of a field that is not undone.
fn last_change(steps: &[Step<'_>], undone: &BTreeSet<i64>, field: &str) -> Option<i64> {
    let theirs = |step: &&Step<'_>| {
        !undone.contains(&step.revision) && step.before.is_some() && step.changed().any(|f| f == field)
    };
    steps.iter().rfind(theirs).map(|step| step.revision)
}
