//! People's work laid over a new run: a merge of three sides. The base is what the tool said last, theirs is the new
//! run, ours is what people made of it.
//!
//! Nothing that a person did is dropped: a zone with a person's work stays, whatever the run says, and what the run
//! says in its place waits as a candidate.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Comparison, Group, Relation, Seen, TOLERANCE, compare, differs};
use crate::zones::{NewZone, Zone, ZoneStatus};
use crate::{BoundingBox, Invalid, ZoneId};

pub use super::order::{OtherPage, Placement, replace};

/// A zone on the pages of the run, as it stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The zone.
    pub zone: &'a Zone,
    /// Whether the run takes the place of it. What another tool found may stay beside it.
    pub replaced: bool,
}

/// What the tool once said of a zone that a person deleted, split or joined to another.
#[derive(Debug, Clone)]
pub struct Ghost {
    /// Page, from 1.
    pub page_number: i32,
    /// Place in the reading order.
    pub zone_index: i32,
    /// Label.
    pub zone_type: String,
    /// Where it stood.
    pub bounding_box: Option<BoundingBox>,
    /// Text.
    pub content: String,
}

/// How a piece of a person's work came through a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The zone is where it was, and the work stands.
    Kept,
    /// The zone is elsewhere, and the work stands.
    Moved,
    /// The run cuts the zone into several; the zone stays and the parts wait.
    Split,
    /// The run joins the zone to others; they stay and the joined one waits.
    Merged,
    /// The run says something new of what a person changed: the person's word is shown, and a person has to decide.
    Conflict,
    /// The run found nothing in the zone's place; the zone stays.
    Orphaned,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] =
        [Self::Kept, Self::Moved, Self::Split, Self::Merged, Self::Conflict, Self::Orphaned];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Moved => "moved",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::Conflict => "conflict",
            Self::Orphaned => "orphaned",
        }
    }

    /// Whether it waits for a person.
    pub const fn waits(self) -> bool {
        !matches!(self, Self::Kept | Self::Moved)
    }
}

impl std::str::FromStr for Outcome {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("outcome", format!("must be one of {names}; got {name:?}"))
        })
    }
}

/// Whose work it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// That of the standing zone at this place of the list.
    Zone(usize),
    /// That of the ghost at this place of the list.
    Ghost(usize),
}

/// A field on which the run and a person disagree: an object of fields and values for each side.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// `content`, `zone_type`, `coordinates`, `status`, or `created_by` for a zone that a person drew.
    pub field: &'static str,
    /// What the tool said before.
    pub base: Value,
    /// What the run says.
    pub theirs: Value,
    /// What the person says, and what is shown.
    pub yours: Value,
}

/// How a person's work on one zone came through.
#[derive(Debug, Clone)]
pub struct Carried {
    /// Whose work.
    pub subject: Subject,
    /// What became of the zone: never [`Outcome::Conflict`], since that is a field's.
    pub outcome: Outcome,
    /// Fields that a person has to decide.
    pub conflicts: Vec<Conflict>,
    /// Zones of the run that are not stored and wait: their places in the run's list.
    pub candidates: Vec<usize>,
    /// Standing zones that would make room for the candidates: their places in the list.
    pub group: Vec<usize>,
}

/// A zone that stays the zone it is and takes what the run says of it.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// Its place among the standing zones.
    pub standing: usize,
    /// The run's zone.
    pub found: usize,
    /// Text: the person's, if there is one's.
    pub content: Option<String>,
    /// Label, likewise.
    pub zone_type: String,
    /// Coordinates, likewise.
    pub coordinates: Value,
    /// Status, likewise.
    pub status: String,
    /// What the tool says of each field that a person changed.
    pub original: Option<Value>,
}

/// What has to be written.
#[derive(Debug, Clone, Default)]
pub struct Rebase {
    /// Zones that stay and are refreshed.
    pub refreshed: Vec<Refreshed>,
    /// Zones of the run that are new: their places in its list.
    pub inserted: Vec<usize>,
    /// Standing zones that go: their places in the list.
    pub deleted: Vec<usize>,
    /// How people's work came through.
    pub carried: Vec<Carried>,
    /// The reading order of the pages.
    pub placement: Placement,
}

/// Lays people's work over a run.
///
/// `standing` are all zones on the run's pages, `ghosts` what the tool said of zones that people removed, `found` the
/// run's zones, `others` the numbers that the document's other pages take.
///
/// # Errors
/// If a page would hold more zones than it has numbers.
pub fn rebase(
    standing: &[Standing],
    ghosts: &[Ghost],
    found: &[NewZone],
    others: &[OtherPage],
) -> Result<Rebase, Invalid> {
    let mut merge = Merge {
        standing,
        ghosts,
        found,
        fate: vec![Fate::Stays; standing.len()],
        found_fate: vec![FoundFate::Inserted; found.len()],
        rebase: Rebase::default(),
    };
    merge.run();
    merge.conclude(others)
}

/// What becomes of a standing zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    Stays,
    Refreshed(usize),
    Deleted,
}

/// What becomes of a zone of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
enum FoundFate {
    Inserted,
    /// It is a standing zone.
    Taken,
    /// A person said that it is none, or it waits.
    Suppressed,
}

struct Merge<'a> {
    standing: &'a [Standing<'a>],
    ghosts: &'a [Ghost],
    found: &'a [NewZone],
    fate: Vec<Fate>,
    found_fate: Vec<FoundFate>,
    rebase: Rebase,
}

impl Merge<'_> {
    fn run(&mut self) {
        let standing = self.standing;
        let machine: Vec<Subject> = (0..standing.len())
            .filter(|at| standing[*at].replaced && standing[*at].zone.created_by.is_none())
            .map(Subject::Zone)
            .chain((0..self.ghosts.len()).map(Subject::Ghost))
            .collect();
        let said: Vec<Machine> = machine.iter().map(|subject| self.said(*subject)).collect();
        let base: Vec<Seen> = said.iter().map(Machine::seen).collect();
        let boxes: Vec<Seen> = self.found.iter().map(seen_found).collect();
        let comparison = compare(&base, &boxes);
        let mut orphans = Vec::new();
        for group in &comparison.groups {
            let subjects: Vec<Subject> = group.before.iter().map(|at| machine[*at]).collect();
            self.group(group, &subjects, &comparison, &mut orphans);
        }
        self.second_look(orphans);
    }

    fn group(
        &mut self,
        group: &Group,
        subjects: &[Subject],
        comparison: &Comparison,
        orphans: &mut Vec<usize>,
    ) {
        let all_ghosts = subjects.iter().all(|subject| matches!(subject, Subject::Ghost(_)));
        let any_work = subjects.iter().any(|subject| self.has_work(*subject));
        match group.relation {
            Relation::New => {}
            _ if all_ghosts => {
                for n in &group.now {
                    self.found_fate[*n] = FoundFate::Suppressed;
                }
                for subject in subjects {
                    self.carry(*subject, Outcome::Kept, Vec::new(), Vec::new());
                }
            }
            Relation::Same | Relation::Moved => {
                let (Subject::Zone(s), n) = (subjects[0], group.now[0]) else { return };
                let shift = comparison.shifts.get(&self.found[n].page_number).copied().unwrap_or_default();
                let outcome = if group.relation == Relation::Same { Outcome::Kept } else { Outcome::Moved };
                self.refresh(s, n, shift, outcome);
            }
            Relation::Gone => {
                for subject in subjects {
                    let Subject::Zone(s) = *subject else { continue };
                    if any_work {
                        orphans.push(s);
                    } else {
                        self.fate[s] = Fate::Deleted;
                    }
                }
            }
            Relation::Split | Relation::Merged if any_work => {
                let outcome =
                    if group.relation == Relation::Split { Outcome::Split } else { Outcome::Merged };
                for n in &group.now {
                    self.found_fate[*n] = FoundFate::Suppressed;
                }
                let zones: Vec<usize> = subjects.iter().filter_map(|subject| zone_of(*subject)).collect();
                for subject in subjects {
                    if self.has_work(*subject) {
                        let (subject, candidates) = (*subject, group.now.clone());
                        let (conflicts, group) = (Vec::new(), zones.clone());
                        self.rebase.carried.push(Carried { subject, outcome, conflicts, candidates, group });
                    }
                }
            }
            Relation::Split | Relation::Merged => {
                // The first keeps its id, so that who points at it still finds it.
                for (subject, n) in subjects.iter().zip(&group.now) {
                    if let Subject::Zone(s) = subject {
                        self.refresh(*s, *n, [0.0; 2], Outcome::Moved);
                    }
                }
                for subject in subjects.iter().skip(group.now.len()) {
                    if let Subject::Zone(s) = subject {
                        self.fate[*s] = Fate::Deleted;
                    }
                }
            }
        }
    }

    /// What people drew, and what they made of zones that the run did not find, against what is left of the run: it
    /// may have found now what people had to put right.
    fn second_look(&mut self, orphans: Vec<usize>) {
        let standing = self.standing;
        let drawn = (0..standing.len()).filter(|at| standing[*at].zone.created_by.is_some());
        let mut shown: Vec<usize> = orphans.into_iter().chain(drawn).collect();
        shown.sort_unstable();
        let left: Vec<usize> =
            (0..self.found.len()).filter(|n| self.found_fate[*n] == FoundFate::Inserted).collect();
        let before: Vec<Seen> = shown.iter().map(|s| seen_shown(standing[*s].zone)).collect();
        let now: Vec<Seen> = left.iter().map(|n| seen_found(&self.found[*n])).collect();
        for group in compare(&before, &now).groups {
            let zones: Vec<usize> = group.before.iter().map(|at| shown[*at]).collect();
            let candidates: Vec<usize> = group.now.iter().map(|at| left[*at]).collect();
            match (group.relation, zones.as_slice(), candidates.as_slice()) {
                (Relation::Same | Relation::Moved, [s], [n]) if standing[*s].zone.created_by.is_none() => {
                    let outcome =
                        if group.relation == Relation::Same { Outcome::Kept } else { Outcome::Moved };
                    self.refresh(*s, *n, [0.0; 2], outcome);
                }
                (Relation::Same | Relation::Moved, [s], [n]) => {
                    self.found_fate[*n] = FoundFate::Suppressed;
                    let conflict = drawn_conflict(standing[*s].zone, &self.found[*n]);
                    let waiting = if conflict.is_some() { candidates.clone() } else { Vec::new() };
                    self.carry(Subject::Zone(*s), Outcome::Kept, conflict.into_iter().collect(), waiting);
                }
                (Relation::Split, [s], parts) => {
                    for n in parts {
                        self.found_fate[*n] = FoundFate::Suppressed;
                    }
                    self.carry(Subject::Zone(*s), Outcome::Split, Vec::new(), candidates.clone());
                }
                // A zone that says more than the person's is no second telling of it: it goes in beside it.
                (_, zones, _) => {
                    for s in zones {
                        let drawn = standing[*s].zone.created_by.is_some();
                        let outcome = if drawn { Outcome::Kept } else { Outcome::Orphaned };
                        self.carry(Subject::Zone(*s), outcome, Vec::new(), Vec::new());
                    }
                }
            }
        }
    }

    fn carry(
        &mut self,
        subject: Subject,
        outcome: Outcome,
        conflicts: Vec<Conflict>,
        candidates: Vec<usize>,
    ) {
        let group = zone_of(subject).into_iter().collect();
        self.rebase.carried.push(Carried { subject, outcome, conflicts, candidates, group });
    }

    fn has_work(&self, subject: Subject) -> bool {
        match subject {
            Subject::Zone(s) => has_work(self.standing[s].zone),
            Subject::Ghost(_) => true,
        }
    }

    fn refresh(&mut self, s: usize, n: usize, shift: [f64; 2], outcome: Outcome) {
        let zone = self.standing[s].zone;
        let (refreshed, conflicts) = refreshed(zone, &self.found[n], shift, s, n);
        self.fate[s] = Fate::Refreshed(n);
        self.found_fate[n] = FoundFate::Taken;
        if has_work(zone) {
            self.carry(Subject::Zone(s), outcome, conflicts, Vec::new());
        }
        self.rebase.refreshed.push(refreshed);
    }

    fn said(&self, subject: Subject) -> Machine {
        match subject {
            Subject::Zone(s) => Machine::of(self.standing[s].zone),
            Subject::Ghost(g) => {
                let ghost = &self.ghosts[g];
                Machine {
                    page_number: ghost.page_number,
                    zone_index: ghost.zone_index,
                    zone_type: ghost.zone_type.clone(),
                    bounding_box: ghost.bounding_box,
                    content: ghost.content.clone(),
                }
            }
        }
    }

    /// A zone that stays keeps what it is a part of.
    fn keep_parents(&mut self) {
        let places: HashMap<ZoneId, usize> =
            self.standing.iter().enumerate().map(|(at, standing)| (standing.zone.id, at)).collect();
        for at in 0..self.standing.len() {
            let mut child = at;
            while self.fate[child] == Fate::Stays
                && let Some(parent) = self.standing[child].zone.parent_id.and_then(|id| places.get(&id))
                && self.fate[*parent] == Fate::Deleted
            {
                self.fate[*parent] = Fate::Stays;
                child = *parent;
            }
        }
    }

    fn conclude(mut self, others: &[OtherPage]) -> Result<Rebase, Invalid> {
        self.keep_parents();
        self.rebase.deleted = (0..self.fate.len()).filter(|at| self.fate[*at] == Fate::Deleted).collect();
        self.rebase.inserted =
            (0..self.found.len()).filter(|n| self.found_fate[*n] == FoundFate::Inserted).collect();
        self.rebase.refreshed.sort_by_key(|refreshed| refreshed.standing);
        self.rebase.carried.sort_by_key(|carried| carried.subject);
        self.rebase.placement =
            super::order::place(self.standing, &self.fate, self.found, &self.rebase.inserted, others)?;
        Ok(self.rebase)
    }
}

fn zone_of(subject: Subject) -> Option<usize> {
    match subject {
        Subject::Zone(at) => Some(at),
        Subject::Ghost(_) => None,
    }
}

/// What the tool says of a zone, as far as comparing needs it.
struct Machine {
    page_number: i32,
    zone_index: i32,
    zone_type: String,
    bounding_box: Option<BoundingBox>,
    content: String,
}

impl Machine {
    fn of(zone: &Zone) -> Self {
        let said = |field: &str| zone.original.as_ref().and_then(|original| original.get(field));
        Self {
            page_number: zone.page_number,
            zone_index: zone.zone_index,
            zone_type: said("zone_type").and_then(Value::as_str).unwrap_or(&zone.zone_type).to_owned(),
            bounding_box: bounding_box(said("coordinates").unwrap_or(&zone.coordinates)),
            content: match said("content") {
                Some(said) => said.as_str().unwrap_or_default().to_owned(),
                None => zone.content.clone().unwrap_or_default(),
            },
        }
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            page_number: self.page_number,
            zone_index: self.zone_index,
            zone_type: &self.zone_type,
            bounding_box: self.bounding_box,
            content: &self.content,
        }
    }
}

/// The box of coordinates as they are stored; absent where they have none.
pub fn bounding_box(coordinates: &Value) -> Option<BoundingBox> {
    let number = |name: &str| coordinates.get(name).and_then(Value::as_f64);
    Some(BoundingBox { x0: number("x0")?, y0: number("y0")?, x1: number("x1")?, y1: number("y1")? })
}

fn seen_shown(zone: &Zone) -> Seen<'_> {
    Seen {
        page_number: zone.page_number,
        zone_index: zone.zone_index,
        zone_type: &zone.zone_type,
        bounding_box: bounding_box(&zone.coordinates),
        content: zone.content.as_deref().unwrap_or_default(),
    }
}

fn seen_found(zone: &NewZone) -> Seen<'_> {
    Seen {
        page_number: zone.page_number,
        zone_index: zone.zone_index,
        zone_type: &zone.zone_type,
        bounding_box: zone.coordinates.as_ref().map(|coordinates| coordinates.bounding_box),
        content: zone.content.as_deref().unwrap_or_default(),
    }
}

/// Whether a person changed anything of the zone, drew it, or says that it is right.
pub fn has_work(zone: &Zone) -> bool {
    zone.created_by.is_some()
        || zone.original.as_ref().and_then(Value::as_object).is_some_and(|original| !original.is_empty())
        || zone.status == ZoneStatus::Verified.as_str()
}

/// The zone as it shall stand, and where the run contradicts the person.
pub(super) fn refreshed(
    zone: &Zone,
    found: &NewZone,
    shift: [f64; 2],
    standing: usize,
    at: usize,
) -> (Refreshed, Vec<Conflict>) {
    let theirs_coordinates = match &found.coordinates {
        Some(coordinates) => json!(coordinates),
        None => json!({}),
    };
    let mut original: Map<String, Value> =
        zone.original.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    let mut conflicts = Vec::new();
    let verified = zone.status == ZoneStatus::Verified.as_str();
    let mut conflict = |field, base: Value, theirs: Value, yours: Value| {
        conflicts.push(Conflict { field, base, theirs, yours });
    };

    let theirs = json!(found.content);
    let yours = json!(zone.content);
    let said = original.get("content").cloned();
    let base = said.clone().unwrap_or_else(|| yours.clone());
    let new_text = text_differs(&theirs, &base) && text_differs(&theirs, &yours);
    if said.is_some() && new_text {
        conflict(
            "content",
            json!({ "content": base }),
            json!({ "content": theirs }),
            json!({ "content": yours }),
        );
    }
    if verified && new_text {
        let status = found.status.as_str();
        conflict(
            "status",
            json!({ "content": base, "status": status }),
            json!({ "content": theirs, "status": status }),
            json!({ "content": yours, "status": zone.status }),
        );
    }
    // What a person calls right stands as it was read then, be the difference noise.
    let content = if said.is_some() || (verified && theirs != yours) {
        original.insert("content".to_owned(), theirs);
        zone.content.clone()
    } else {
        found.content.clone()
    };

    let said = original.get("zone_type").and_then(Value::as_str).map(str::to_owned);
    if let Some(base) = &said
        && found.zone_type != *base
        && found.zone_type != zone.zone_type
    {
        conflict(
            "zone_type",
            json!({ "zone_type": base }),
            json!({ "zone_type": found.zone_type }),
            json!({ "zone_type": zone.zone_type }),
        );
    }
    let zone_type = if said.is_some() || (verified && found.zone_type != zone.zone_type) {
        original.insert("zone_type".to_owned(), json!(found.zone_type));
        zone.zone_type.clone()
    } else {
        found.zone_type.clone()
    };

    let coordinates = match original.get("coordinates").cloned() {
        Some(base) => {
            if box_differs(&base, &theirs_coordinates, shift)
                && box_differs(&zone.coordinates, &theirs_coordinates, [0.0; 2])
            {
                conflict(
                    "coordinates",
                    json!({ "coordinates": base }),
                    json!({ "coordinates": theirs_coordinates }),
                    json!({ "coordinates": zone.coordinates }),
                );
            }
            original.insert("coordinates".to_owned(), theirs_coordinates);
            zone.coordinates.clone()
        }
        None => theirs_coordinates,
    };

    let status = if verified || original.contains_key("status") {
        original.insert("status".to_owned(), json!(found.status.as_str()));
        zone.status.clone()
    } else {
        found.status.as_str().to_owned()
    };
    let original = (!original.is_empty()).then_some(Value::Object(original));
    let zone = Refreshed { standing, found: at, content, zone_type, coordinates, status, original };
    (zone, conflicts)
}

/// A zone that a person drew where the run now finds another text.
pub(super) fn drawn_conflict(zone: &Zone, found: &NewZone) -> Option<Conflict> {
    let (theirs, yours) = (json!(found.content), json!(zone.content));
    let coordinates = found.coordinates.as_ref().map_or_else(|| json!({}), |c| json!(c));
    text_differs(&theirs, &yours).then(|| Conflict {
        field: "created_by",
        base: Value::Null,
        theirs: json!({ "content": theirs, "zone_type": found.zone_type, "coordinates": coordinates }),
        yours: json!({ "content": yours, "zone_type": zone.zone_type, "coordinates": zone.coordinates }),
    })
}

fn text_differs(a: &Value, b: &Value) -> bool {
    differs(a.as_str().unwrap_or_default(), b.as_str().unwrap_or_default())
}

/// Whether the boxes differ by more than noise once the page's shift is taken back.
fn box_differs(before: &Value, now: &Value, [dx, dy]: [f64; 2]) -> bool {
    match (bounding_box(before), bounding_box(now)) {
        (Some(b), Some(n)) => [n.x0 - dx - b.x0, n.y0 - dy - b.y0, n.x1 - dx - b.x1, n.y1 - dy - b.y1]
            .into_iter()
            .any(|moved| moved.abs() > 2.0 * TOLERANCE),
        (None, None) => false,
        _ => true,
    }
}
