//! Undoing against a model: any history of a zone, any of its changes undone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::{BTreeMap, BTreeSet};

use colophon_domain::undo::{Kept, Part, Place, Write, ZonePlan, left_out, plan, settle};
use colophon_domain::zone_history::{FIELDS, value};
use colophon_domain::{ZoneId, ZoneImage, ZoneState};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

const ZONE: ZoneId = ZoneId(Uuid::from_u128(1));
/// The first three have a human layer.
const SET: [&str; 5] = ["content", "zone_type", "coordinates", "confidence", "label"];

/// What a change does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    /// Creates the zone where it is not there, deletes it where it is.
    Turn,
    /// A tool sets a field; where a person's word lies over it, beneath that.
    Tool(usize),
    /// A person sets a field.
    Person(usize),
    /// A person goes back to what the tool says.
    Retract(usize),
}

/// The states of one zone, as the triggers keep them.
#[derive(Debug, Clone, Default)]
struct History {
    states: Vec<ZoneState>,
    revision: i64,
}

impl History {
    fn current(&self) -> Option<&ZoneImage> {
        self.states.last().filter(|state| state.until_revision.is_none()).map(|state| &state.zone)
    }

    fn put(&mut self, zone: Option<ZoneImage>) {
        self.revision += 1;
        let revision = self.revision;
        if self.current() == zone.as_ref() {
            return;
        }
        if let Some(last) = self.states.last_mut() {
            last.until_revision.get_or_insert(revision);
        }
        self.states.extend(zone.map(|zone| ZoneState {
            zone_id: ZONE,
            zones_revision: revision,
            until_revision: None,
            zone,
        }));
    }

    /// Every value is a new one: nobody says twice the same.
    fn deed(&mut self, deed: Deed) {
        let fresh = json!(self.revision + 1);
        let zone = match (self.current().cloned(), deed) {
            (None, Deed::Turn) => Some(created(&fresh)),
            (Some(_), Deed::Turn) | (None, _) => None,
            (Some(mut zone), Deed::Tool(n)) => {
                match human(&zone, SET[n]) {
                    Some(_) => set_human(&mut zone, SET[n], Some(fresh)),
                    None => drop(zone.insert(SET[n].into(), fresh)),
                }
                Some(zone)
            }
            (Some(mut zone), Deed::Person(n)) => {
                if n < 3 && human(&zone, SET[n]).is_none() {
                    let said = zone[SET[n]].clone();
                    set_human(&mut zone, SET[n], Some(said));
                }
                zone.insert(SET[n].into(), fresh);
                Some(zone)
            }
            (Some(mut zone), Deed::Retract(n)) => {
                if let Some(said) = human(&zone, SET[n]) {
                    zone.insert(SET[n].into(), said);
                    set_human(&mut zone, SET[n], None);
                }
                Some(zone)
            }
        };
        self.put(zone);
    }

    fn plan(&self, undone: &BTreeSet<i64>) -> ZonePlan {
        let first = undone.first().copied().unwrap_or(0);
        let states = self.states.iter().filter(|s| s.until_revision.is_none_or(|until| until >= first));
        plan(ZONE, &states.cloned().collect::<Vec<_>>(), undone)
    }

    fn undo(&mut self, undone: &BTreeSet<i64>) {
        let zone = match self.plan(undone).write {
            None => self.current().cloned(),
            Some(Write::Insert(zone) | Write::Update { zone, .. }) => Some(zone),
            Some(Write::Delete(_)) => None,
        };
        self.put(zone);
    }

    fn as_of(&self, revision: i64) -> Option<&ZoneImage> {
        let stood = |s: &&ZoneState| {
            s.zones_revision <= revision && s.until_revision.is_none_or(|until| until > revision)
        };
        self.states.iter().find(stood).map(|state| &state.zone)
    }
}

fn created(fresh: &Value) -> ZoneImage {
    let mut zone: ZoneImage = FIELDS.into_iter().map(|field| (field.to_owned(), Value::Null)).collect();
    zone.extend(SET.map(|field| (field.to_owned(), fresh.clone())));
    zone.extend([("id".to_owned(), json!(ZONE)), ("metadata".to_owned(), json!({}))]);
    zone
}

fn human(zone: &ZoneImage, field: &str) -> Option<Value> {
    zone["original"].get(field).cloned()
}

fn set_human(zone: &mut ZoneImage, field: &str, said: Option<Value>) {
    let mut original = zone["original"].as_object().cloned().unwrap_or_default();
    match said {
        Some(said) => drop(original.insert(field.into(), said)),
        None => drop(original.remove(field)),
    }
    let original = if original.is_empty() { Value::Null } else { original.into() };
    zone.insert("original".into(), original);
}

fn a_deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        1 => Just(Deed::Turn),
        3 => (0..SET.len()).prop_map(Deed::Tool),
        3 => (0..SET.len()).prop_map(Deed::Person),
        1 => (0..3_usize).prop_map(Deed::Retract),
    ]
}

/// What follows the zone's creation, and whether each of these changes is to be undone.
fn a_history() -> impl Strategy<Value = (Vec<Deed>, Vec<bool>)> {
    prop::collection::vec((a_deed(), any::<bool>()), 0..14).prop_map(|deeds| deeds.into_iter().unzip())
}

fn played(deeds: &[Deed]) -> History {
    let mut history = History::default();
    history.deed(Deed::Turn);
    for deed in deeds {
        history.deed(*deed);
    }
    history
}

fn chosen(undone: &[bool]) -> BTreeSet<i64> {
    (2..).zip(undone).filter(|(_, undone)| **undone).map(|(revision, _)| revision).collect()
}

/// What comes out where a set of deeds is left out. It knows deeds and no states: who sets a field last has their way,
/// and a zone stays that anybody works on. Each field by the deed that set it.
fn modelled(deeds: &[Deed], undone: &BTreeSet<i64>) -> Option<BTreeMap<&'static str, i64>> {
    let mut model = Some((BTreeMap::from(SET.map(|field| (field, 1))), true));
    let mut there = true;
    for (revision, deed) in (2..).zip(deeds) {
        let ours = undone.contains(&revision);
        let fields = || BTreeMap::from(SET.map(|field| (field, revision)));
        match deed {
            Deed::Turn => {
                there = !there;
                match (ours, there) {
                    (false, true) => model = Some((fields(), true)),
                    (false, false) => model = None,
                    (true, true) => drop(model.get_or_insert_with(|| (fields(), false))),
                    (true, false) => {}
                }
            }
            Deed::Tool(n) if there && !ours => {
                if let Some((fields, stays)) = &mut model {
                    fields.insert(SET[*n], revision);
                    *stays = true;
                }
            }
            _ => {}
        }
    }
    model.filter(|(_, stays)| *stays).map(|(fields, _)| fields)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_not_undone_has_its_way_and_what_nobody_touched_later_is_as_before((deeds, undone) in a_history()) {
        // Without a human layer a deed is one field's, and the model is simple.
        let deeds: Vec<Deed> = deeds.into_iter().map(|deed| match deed {
            Deed::Person(n) | Deed::Retract(n) => Deed::Tool(n),
            other => other,
        }).collect();
        let mut history = played(&deeds);
        let undone = chosen(&undone);
        history.undo(&undone);
        let said = |zone: &ZoneImage| SET.map(|field| (field, zone[field].as_i64().unwrap())).into();
        prop_assert_eq!(history.current().map(said), modelled(&deeds, &undone));
    }

    #[test]
    fn undoing_the_undoing_is_the_state_before((deeds, undone) in a_history()) {
        let mut history = played(&deeds);
        let before = history.current().cloned();
        history.undo(&chosen(&undone));
        history.undo(&BTreeSet::from([history.revision]));
        prop_assert_eq!(history.current(), before.as_ref());
    }

    #[test]
    fn undoing_everything_from_a_change_on_is_the_zone_as_of_then((deeds, _) in a_history(), at in 1_i64..14) {
        let mut history = played(&deeds);
        let then = history.as_of(at).cloned();
        history.undo(&(at + 1..=history.revision).collect());
        prop_assert_eq!(history.current(), then.as_ref());
    }

    #[test]
    fn undoing_twice_does_nothing_the_second_time((deeds, undone) in a_history()) {
        let mut history = played(&deeds);
        let undone = chosen(&undone);
        history.undo(&undone);
        prop_assert_eq!(history.plan(&undone).write, None);
    }

    #[test]
    fn what_a_tool_says_never_lies_beneath_the_same_word((deeds, undone) in a_history()) {
        let mut history = played(&deeds);
        history.undo(&chosen(&undone));
        for field in &SET[..3] {
            if let Some(said) = history.current().and_then(|zone| human(zone, field)) {
                prop_assert_ne!(&said, value(history.current(), field), "{}", field);
            }
        }
    }
}

#[test]
fn an_edit_that_is_undone_gives_the_field_back_to_the_tool_also_what_it_said_meanwhile() {
    let mut history = played(&[Deed::Person(0)]);
    history.undo(&[2].into());
    let zone = history.current().unwrap();
    assert_eq!((&zone["content"], &zone["original"]), (&json!(1), &Value::Null));

    let mut history = played(&[Deed::Person(0), Deed::Tool(0)]);
    assert_eq!(history.current().unwrap()["original"], json!({ "content": 3 }));
    history.undo(&[2].into());
    let zone = history.current().unwrap();
    assert_eq!((&zone["content"], &zone["original"]), (&json!(3), &Value::Null), "the tool's newest word");
}

#[test]
fn what_somebody_changed_later_stays_and_is_told_with_the_change_that_did_it() {
    let mut history = played(&[Deed::Tool(3), Deed::Tool(4), Deed::Tool(3)]);
    let kept = Kept { zone_id: ZONE, field: "confidence", value: json!(4), revision: Some(4) };
    assert_eq!(history.plan(&[2, 3].into()).kept, [kept]);
    history.undo(&[2, 3].into());
    let zone = history.current().unwrap();
    assert_eq!((&zone["confidence"], &zone["label"]), (&json!(4), &json!(1)));
}

#[test]
fn a_zone_that_somebody_worked_on_outlives_the_run_that_made_it() {
    let plan = played(&[Deed::Person(0)]).plan(&[1].into());
    assert_eq!(plan.write, None);
    assert_eq!((plan.kept[0].field, plan.kept[0].revision), ("content", Some(2)));
    let untouched = played(&[]).plan(&[1].into());
    assert!(matches!(untouched.write, Some(Write::Delete(_))) && untouched.kept.is_empty());
}

fn id(n: u128) -> ZoneId {
    ZoneId(Uuid::from_u128(n))
}

fn zone(n: u128, index: i32, parent: Option<u128>) -> ZoneImage {
    let zone = json!({ "id": id(n), "version": 1, "zone_index": index, "parent_id": parent.map(id) });
    zone.as_object().cloned().unwrap()
}

#[test]
fn a_place_that_is_taken_is_given_to_nobody_twice() {
    let place = |n, zone_index| Place { zone_id: id(n), version: 1, zone_index };
    // 5 and 6 come back to 10 and 11, which are 1's and 2's by now; 3 goes, and 4 takes its place.
    let writes = vec![
        Write::Insert(zone(5, 10, Some(6))),
        Write::Insert(zone(6, 11, None)),
        Write::Delete(zone(3, 20, None)),
        Write::Update { zone: zone(4, 20, None), current: zone(4, 21, None) },
    ];
    let places = [place(1, 10), place(2, 11), place(3, 20), place(4, 21), place(7, 13)];
    let settled = settle(writes, &[], &[].into(), &places).unwrap();
    assert_eq!(settled.reindexed, [(id(5), 10, 12), (id(6), 11, 14)]);
    assert_eq!(settled.inserts.iter().map(|zone| &zone["zone_index"]).collect::<Vec<_>>(), [14, 12]);
    assert_eq!(settled.park, [(id(3), i32::MAX), (id(4), i32::MAX - 1)]);
    assert_eq!((settled.updates.len(), settled.deletes), (1, vec![id(3)]));
}

#[test]
fn a_zone_whose_place_is_free_has_it_before_others_look_for_one() {
    let place = |n, zone_index| Place { zone_id: id(n), version: 1, zone_index };
    let writes = vec![
        Write::Insert(zone(5, 10, None)),
        Write::Insert(zone(6, 11, None)),
        // It wants to where 1 stands, and finds nothing but the place that it has.
        Write::Update { zone: zone(4, 10, None), current: zone(4, 13, None) },
    ];
    let settled = settle(writes, &[], &[].into(), &[place(1, 10), place(4, 13), place(7, 12)]).unwrap();
    let at: Vec<_> = settled.inserts.iter().map(|zone| zone["zone_index"].as_i64().unwrap()).collect();
    assert_eq!((at, settled.reindexed.len()), (vec![13, 11], 2));
    assert_eq!(settled.updates[0]["zone_index"], 14);
    let alone = vec![Write::Update { zone: zone(4, 10, None), current: zone(4, 11, None) }];
    let settled = settle(alone, &[], &[].into(), &[place(1, 10), place(4, 11)]).unwrap();
    assert_eq!((settled.updates, settled.park), (vec![], vec![]));
}

#[test]
fn what_was_undone_and_done_again_is_undone_with_what_it_was() {
    let out = |undos: &[(i64, &[i64])]| {
        let undos: Vec<_> = undos.iter().map(|(revision, undoes)| (*revision, undoes.to_vec())).collect();
        left_out(&[1, 2].into(), &undos).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(out(&[(4, &[1])]), [1, 2], "undone already");
    assert_eq!(out(&[(4, &[1]), (5, &[4])]), [1, 2, 4, 5], "undone and done again");
    assert_eq!(out(&[(4, &[1]), (5, &[4]), (6, &[1, 2])]), [1, 2, 4, 5]);
    assert_eq!(out(&[(4, &[1, 3]), (5, &[4])]), [1, 2], "what was done to others with it is theirs");
}

#[test]
fn a_zone_with_parts_that_stay_stays_and_so_does_whatever_it_is_a_part_of() {
    let part = |n, of| Part { zone_id: id(n), parent_id: id(of), zones_revision: 7 };
    let writes = vec![
        Write::Delete(zone(1, 1, None)),
        Write::Delete(zone(2, 2, Some(1))),
        Write::Delete(zone(3, 3, None)),
        Write::Insert(zone(8, 8, Some(9))),
    ];
    let settled = settle(writes, &[part(2, 1), part(4, 2)], &[].into(), &[]).unwrap();
    assert_eq!(settled.deletes, [id(3)]);
    let mut kept: Vec<_> = settled.kept.iter().map(|kept| (kept.zone_id, kept.field)).collect();
    kept.sort_unstable();
    assert_eq!(kept, [(id(1), "zone"), (id(2), "zone"), (id(8), "parent_id")]);
    assert_eq!(settled.inserts[0]["parent_id"], Value::Null, "its parent is gone");
}
