//! Pages read again by a tool that is never quite the same: synthetic runs of which it is known what became of each
//! zone, over pages of which it is known what people did to them.

use std::collections::{BTreeMap, HashMap};

use colophon_domain::anchor::TOLERANCE;
use colophon_domain::anchor::rebase::{
    Carried, Ghost, Outcome, Rebase, Standing, Subject, bounding_box, rebase,
};
use colophon_domain::{BoundingBox, DocumentId, NewZone, Zone, ZoneId};
use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// How much the second run differs from the first.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// Its name.
    pub name: &'static str,
    /// What share of the pages is shifted as a whole.
    pub shifted: f64,
    /// By how much, points: from, to.
    pub shift: [f64; 2],
    /// By how much each edge is off, points at most.
    pub jitter: f64,
    /// Letters that are read differently.
    pub noise: f64,
    /// What share of the zones is split; joined to the next; called otherwise; missed; found for the first time; given
    /// another text: each.
    pub operations: f64,
}

/// From what a second run of one tool shows, to what another tool makes of a bad scan.
pub const LEVELS: [Level; 3] = [
    Level { name: "light", shifted: 0.25, shift: [6.0, 10.0], jitter: 0.5, noise: 0.005, operations: 0.02 },
    Level { name: "moderate", shifted: 0.5, shift: [6.0, 20.0], jitter: 1.5, noise: 0.03, operations: 0.05 },
    Level { name: "heavy", shifted: 0.75, shift: [6.0, 40.0], jitter: 2.5, noise: 0.08, operations: 0.10 },
];

/// How much more often than others zones are joined that can be: few of a page can.
const JOINED: f64 = 6.0;
/// Of more, a page of prose would be another page.
const JOINED_AT_MOST: f64 = 0.3;

/// What share of the zones people worked on.
const CORRECTED: f64 = 0.3;

/// What a person did to a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Another text.
    Text,
    /// Another type.
    Type,
    /// Another place.
    Geometry,
    /// It is right.
    Accept,
    /// It is none.
    Delete,
}

/// How many were told right, of how many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Score {
    /// Told and true.
    pub right: usize,
    /// Told.
    pub told: usize,
    /// True.
    pub truth: usize,
}

impl Score {
    /// Of what was told, how much was true; 1 where nothing was told.
    pub fn precision(self) -> f64 {
        ratio(self.right, self.told)
    }

    /// Of what was true, how much was told; 1 where nothing was true.
    pub fn recall(self) -> f64 {
        ratio(self.right, self.truth)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    if whole == 0 { 1.0 } else { number(part) / number(whole) }
}

/// What came of synthetic runs.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Pages.
    pub pages: usize,
    /// Zones before.
    pub zones: usize,
    /// Corrected zones.
    pub corrections: usize,
    /// By outcome.
    pub scores: BTreeMap<Outcome, Score>,
    /// Corrections of which nothing was told, or whose work is gone: none may be.
    pub dropped: usize,
    /// Zones that people deleted and that came again.
    pub came_again: usize,
    /// Kept or moved, but as another zone than it is.
    pub mistaken: usize,
    /// The first wrong ones, told and true.
    pub wrong: Vec<String>,
}

/// Reads pages again and lays the corrections over what was read. `pages` are a tool's zones, by page, in reading order.
pub fn read_again(pages: &[Vec<NewZone>], level: Level, rng: &mut Rng, tally: &mut Tally) {
    for page in pages.iter().filter(|page| !page.is_empty()) {
        let world = World::of(page, level, rng);
        world.judge(tally);
    }
}

/// A page with people's work, read again.
struct World {
    standing: Vec<Zone>,
    work: HashMap<ZoneId, Work>,
    ghosts: Vec<(Ghost, ZoneId)>,
    found: Vec<NewZone>,
    /// Of each corrected zone, what must be told, and as which of the run's zones it goes on.
    truth: HashMap<ZoneId, (Outcome, Option<ZoneId>)>,
    /// The run's zones that are what people deleted.
    deleted: Vec<ZoneId>,
}

impl World {
    fn of(page: &[NewZone], level: Level, rng: &mut Rng) -> Self {
        let mut world = Self {
            standing: Vec::new(),
            work: HashMap::new(),
            ghosts: Vec::new(),
            found: Vec::new(),
            truth: HashMap::new(),
            deleted: Vec::new(),
        };
        for zone in page {
            world.correct(zone, rng);
        }
        world.read(page, level, rng);
        world
    }

    /// A person may work on the zone.
    fn correct(&mut self, zone: &NewZone, rng: &mut Rng) {
        let work = if rng.f64() < CORRECTED {
            let all = [Work::Text, Work::Type, Work::Geometry, Work::Accept, Work::Delete];
            let work = all[rng.usize(..all.len())];
            let possible = match work {
                Work::Text => has_text(zone),
                Work::Geometry => zone.coordinates.is_some(),
                _ => true,
            };
            possible.then_some(work)
        } else {
            None
        };
        if let Some(work) = work {
            self.work.insert(zone.id, work);
        }
        if work == Some(Work::Delete) {
            let ghost = Ghost {
                page_number: zone.page_number,
                zone_index: zone.zone_index,
                zone_type: zone.zone_type.clone(),
                bounding_box: zone.coordinates.as_ref().map(|c| c.bounding_box),
                content: zone.content.clone().unwrap_or_default(),
            };
            self.ghosts.push((ghost, zone.id));
            return;
        }
        let mut standing = stored(zone);
        match work {
            Some(Work::Text) => {
                standing.original = Some(json!({ "content": standing.content }));
                let text = standing.content.take().unwrap_or_default();
                standing.content = Some(corrected(&text, rng));
            }
            Some(Work::Type) => {
                standing.original = Some(json!({ "zone_type": standing.zone_type }));
                "corrected".clone_into(&mut standing.zone_type);
            }
            Some(Work::Geometry) => {
                standing.original = Some(json!({ "coordinates": standing.coordinates }));
                if let Some(coordinates) = &zone.coordinates {
                    let mut b = coordinates.bounding_box;
                    (b.x0, b.y0) = (b.x0 - rng.f64() * 12.0, b.y0 - rng.f64() * 12.0);
                    standing.coordinates = json!(b);
                }
            }
            Some(Work::Accept) => {
                standing.original = Some(json!({ "status": "completed" }));
                "verified".clone_into(&mut standing.status);
            }
            _ => {}
        }
        self.standing.push(standing);
    }

    /// The tool reads the page again.
    fn read(&mut self, page: &[NewZone], level: Level, rng: &mut Rng) {
        let shift = if rng.f64() < level.shifted {
            let length = level.shift[0] + rng.f64() * (level.shift[1] - level.shift[0]);
            let angle = rng.f64() * std::f64::consts::TAU;
            [length * angle.cos(), length * angle.sin()]
        } else {
            [0.0; 2]
        };
        let stays = if shift.iter().any(|d| d.abs() > TOLERANCE + level.jitter) {
            Outcome::Moved
        } else {
            Outcome::Kept
        };
        // A shift that is neither noise nor none would be told by chance.
        let shift = if stays == Outcome::Kept { [0.0; 2] } else { shift };
        let mut joined = vec![false; page.len()];
        for at in 0..page.len() {
            if joined[at] {
                continue;
            }
            let zone = &page[at];
            // What has no place cannot move.
            let stays = if zone.coordinates.is_some() { stays } else { Outcome::Kept };
            let often = neighbour(page, at, &joined).is_some()
                && rng.f64() < (JOINED * level.operations).min(JOINED_AT_MOST);
            let operation = if often { Some(1) } else { usize_below(rng.f64(), level.operations) };
            match operation {
                Some(0) if let Some(parts) = cut(zone) => {
                    self.expect(zone, Outcome::Split, None);
                    for part in parts {
                        self.find(part, shift, level, rng);
                    }
                }
                Some(1) if let Some(next) = neighbour(page, at, &joined) => {
                    joined[next] = true;
                    let deleted = |zone: &NewZone| self.work.get(&zone.id) == Some(&Work::Delete);
                    // Where people deleted both, nothing stands that could wait.
                    let outcome =
                        if deleted(zone) && deleted(&page[next]) { Outcome::Kept } else { Outcome::Merged };
                    self.expect(zone, outcome, None);
                    self.expect(&page[next], outcome, None);
                    self.find(join(zone, &page[next]), shift, level, rng);
                }
                Some(2) => {
                    let contradicts = self.work.get(&zone.id) == Some(&Work::Type);
                    let outcome = if contradicts { Outcome::Conflict } else { stays };
                    let renamed = NewZone { zone_type: "renamed".to_owned(), ..zone.clone() };
                    let id = self.find(renamed, shift, level, rng);
                    self.expect(zone, outcome, Some(id));
                }
                Some(3) => self.expect(zone, Outcome::Orphaned, None),
                Some(4) if has_text(zone) && zone.coordinates.is_some() => {
                    let contradicts = matches!(self.work.get(&zone.id), Some(Work::Text | Work::Accept));
                    let outcome = if contradicts { Outcome::Conflict } else { stays };
                    let length = zone.content.as_deref().unwrap_or_default().chars().count();
                    let other = NewZone { content: Some(gibberish(length, rng)), ..zone.clone() };
                    let id = self.find(other, shift, level, rng);
                    self.expect(zone, outcome, Some(id));
                }
                _ => {
                    let id = self.find(zone.clone(), shift, level, rng);
                    self.expect(zone, stays, Some(id));
                    if operation == Some(5) {
                        self.find(never_seen(zone, rng), shift, level, rng);
                    }
                }
            }
        }
        for (index, zone) in (0..).zip(&mut self.found) {
            zone.zone_index = index;
        }
    }

    /// What must be told of the zone, if a person worked on it.
    fn expect(&mut self, zone: &NewZone, outcome: Outcome, id: Option<ZoneId>) {
        match self.work.get(&zone.id) {
            // What a person deleted stays deleted, whatever became of it; joined to a zone that stands it waits.
            Some(Work::Delete) => {
                self.deleted.extend(id);
                let outcome = if outcome == Outcome::Merged { Outcome::Merged } else { Outcome::Kept };
                self.truth.insert(zone.id, (outcome, None));
            }
            Some(_) => {
                self.truth.insert(zone.id, (outcome, id));
            }
            None => {}
        }
    }

    /// A zone of the run, with its noise.
    fn find(&mut self, mut zone: NewZone, shift: [f64; 2], level: Level, rng: &mut Rng) -> ZoneId {
        zone.id = ZoneId::new();
        if let Some(coordinates) = &zone.coordinates {
            let b = coordinates.bounding_box;
            let mut off = |by: f64| by + (rng.f64() * 2.0 - 1.0) * level.jitter;
            let (x0, y0) = (b.x0 + off(shift[0]), b.y0 + off(shift[1]));
            let (x1, y1) = (b.x1 + off(shift[0]), b.y1 + off(shift[1]));
            let moved = BoundingBox { x0, y0, x1: x1.max(x0 + 0.5), y1: y1.max(y0 + 0.5) };
            zone.coordinates = Some(moved.into());
        }
        zone.content = zone.content.map(|text| noisy(&text, level.noise, rng));
        let id = zone.id;
        self.found.push(zone);
        id
    }

    fn judge(self, tally: &mut Tally) {
        let standing: Vec<Standing> =
            self.standing.iter().map(|zone| Standing { zone, replaced: true }).collect();
        let ghosts: Vec<Ghost> = self.ghosts.iter().map(|(ghost, _)| ghost.clone()).collect();
        let merged = rebase(&standing, &ghosts, &self.found, &[]).expect("a page that fits");
        tally.pages += 1;
        tally.zones += self.standing.len() + self.ghosts.len();
        tally.corrections += self.truth.len();
        let told: HashMap<ZoneId, &Carried> = merged
            .carried
            .iter()
            .map(|carried| {
                let id = match carried.subject {
                    Subject::Zone(at) => self.standing[at].id,
                    Subject::Ghost(at) => self.ghosts[at].1,
                };
                (id, carried)
            })
            .collect();
        tally.dropped += self.dropped(&merged);
        for at in &merged.inserted {
            tally.came_again += usize::from(self.deleted.contains(&self.found[*at].id));
        }
        for (zone, (truth, as_found)) in &self.truth {
            tally.scores.entry(*truth).or_default().truth += 1;
            let Some(carried) = told.get(zone) else {
                tally.dropped += 1;
                continue;
            };
            let outcome = if carried.conflicts.is_empty() { carried.outcome } else { Outcome::Conflict };
            let score = tally.scores.entry(outcome).or_default();
            score.told += 1;
            let goes_on_as = merged
                .refreshed
                .iter()
                .find_map(|new| (self.standing[new.standing].id == *zone).then(|| self.found[new.found].id));
            let mistaken = as_found.is_some() && goes_on_as.is_some() && goes_on_as != *as_found;
            tally.mistaken += usize::from(mistaken);
            if outcome == *truth && !mistaken {
                score.right += 1;
            } else if tally.wrong.len() < 200 {
                let as_what = merged
                    .refreshed
                    .iter()
                    .filter(|new| self.standing[new.standing].id == *zone)
                    .map(|new| new.found)
                    .chain(carried.candidates.iter().copied())
                    .map(|at| &self.found[at]);
                let as_what: Vec<String> = as_what.map(described).collect();
                let wrong = self.told_wrong(*zone, *truth, outcome, mistaken);
                tally.wrong.push(format!("{wrong}; the run's: {}", as_what.join(" + ")));
            }
        }
    }

    fn told_wrong(&self, zone: ZoneId, truth: Outcome, told: Outcome, mistaken: bool) -> String {
        let text = self.standing.iter().find(|z| z.id == zone).map(|z| {
            let said = z.original.as_ref().and_then(|o| o.get("content")).and_then(Value::as_str);
            let place = bounding_box(&z.coordinates).map(edges);
            format!("{} {:?} {place:.0?}", z.zone_type, said.or(z.content.as_deref()))
        });
        let work = self.work.get(&zone);
        format!("{truth:?} told as {told:?} (mistaken {mistaken}) {work:?}: {text:?}")
    }

    /// Zones with work that would be deleted, or lose what the person said.
    fn dropped(&self, merged: &Rebase) -> usize {
        let deleted = merged.deleted.iter().filter(|at| self.work.contains_key(&self.standing[**at].id));
        let changed = merged.refreshed.iter().filter(|new| {
            let zone = &self.standing[new.standing];
            match self.work.get(&zone.id) {
                Some(Work::Text) => new.content != zone.content,
                Some(Work::Type) => new.zone_type != zone.zone_type,
                Some(Work::Geometry) => new.coordinates != zone.coordinates,
                Some(Work::Accept) => new.status != zone.status || new.content != zone.content,
                _ => false,
            }
        });
        deleted.count() + changed.count()
    }
}

fn described(zone: &NewZone) -> String {
    let place = zone.coordinates.as_ref().map(|c| edges(c.bounding_box));
    format!("{} {:?} {place:.0?}", zone.zone_type, zone.content)
}

fn edges(b: BoundingBox) -> [f64; 4] {
    [b.x0, b.y0, b.x1, b.y1]
}

/// Which of the six operations, each with the same chance.
fn usize_below(chance: f64, each: f64) -> Option<usize> {
    (0..6_u8).find(|at| chance < each * f64::from(at + 1)).map(usize::from)
}

fn has_text(zone: &NewZone) -> bool {
    zone.content.as_deref().is_some_and(|text| text.chars().filter(|c| c.is_alphanumeric()).count() >= 4)
}

/// A zone in two, between lines or, of one line, between words. Nothing where it has no place or too little text.
fn cut(zone: &NewZone) -> Option<[NewZone; 2]> {
    let b = zone.coordinates.as_ref()?.bounding_box;
    let words: Vec<&str> = zone.content.as_deref()?.split_whitespace().collect();
    if words.len() < 6 {
        return None;
    }
    let middle = words.len() / 2;
    let (first, second) = if b.y1 - b.y0 > 20.0 {
        let y = f64::midpoint(b.y0, b.y1);
        (BoundingBox { y1: y, ..b }, BoundingBox { y0: y, ..b })
    } else {
        let x = f64::midpoint(b.x0, b.x1);
        (BoundingBox { x1: x, ..b }, BoundingBox { x0: x, ..b })
    };
    let part = |b: BoundingBox, words: &[&str]| NewZone {
        coordinates: Some(b.into()),
        content: Some(words.join(" ")),
        ..zone.clone()
    };
    Some([part(first, &words[..middle]), part(second, &words[middle..])])
}

/// A small zone that was not there before, anywhere on an A4 page.
fn never_seen(zone: &NewZone, rng: &mut Rng) -> NewZone {
    let (x0, y0) = (rng.f64() * 500.0, rng.f64() * 800.0);
    let bounding_box = BoundingBox { x0, y0, x1: x0 + 10.0 + rng.f64() * 80.0, y1: y0 + 10.0 };
    NewZone {
        coordinates: zone.coordinates.is_some().then(|| bounding_box.into()),
        content: Some(gibberish(12, rng)),
        ..zone.clone()
    }
}

/// The zone below in the same column, or beside in the same line, if it is near and neither holds others.
fn neighbour(page: &[NewZone], at: usize, joined: &[bool]) -> Option<usize> {
    let (zone, next) = (&page[at], page.get(at + 1)?);
    if joined[at + 1] || !has_text(zone) || !has_text(next) {
        return None;
    }
    let (a, b) = (zone.coordinates.as_ref()?.bounding_box, next.coordinates.as_ref()?.bounding_box);
    let across = a.x1.min(b.x1) - a.x0.max(b.x0);
    let along = a.y1.min(b.y1) - a.y0.max(b.y0);
    let below = across > 0.5 * (a.x1 - a.x0).min(b.x1 - b.x0) && (-2.0..30.0).contains(&(b.y0 - a.y1));
    let beside = along > 0.5 * (a.y1 - a.y0).min(b.y1 - b.y0) && (-2.0..10.0).contains(&(b.x0 - a.x1));
    let both = around(a, b);
    let apart = |c: BoundingBox| c.x1 <= both.x0 || c.x0 >= both.x1 || c.y1 <= both.y0 || c.y0 >= both.y1;
    // What both of them stand in goes on holding them.
    let holds = |c: BoundingBox| {
        c.x0 <= both.x0 + 1.0 && c.y0 <= both.y0 + 1.0 && c.x1 >= both.x1 - 1.0 && c.y1 >= both.y1 - 1.0
    };
    let free = || {
        let others = page.iter().enumerate().filter(|(other, _)| *other != at && *other != at + 1);
        others
            .filter_map(|(_, zone)| zone.coordinates.as_ref())
            .all(|c| apart(c.bounding_box) || holds(c.bounding_box))
    };
    ((below || beside) && free()).then_some(at + 1)
}

fn around(a: BoundingBox, b: BoundingBox) -> BoundingBox {
    BoundingBox { x0: a.x0.min(b.x0), y0: a.y0.min(b.y0), x1: a.x1.max(b.x1), y1: a.y1.max(b.y1) }
}

fn join(zone: &NewZone, next: &NewZone) -> NewZone {
    let both = zone.coordinates.as_ref().zip(next.coordinates.as_ref());
    let text = |zone: &NewZone| zone.content.clone().unwrap_or_default();
    NewZone {
        coordinates: both.map(|(a, b)| around(a.bounding_box, b.bounding_box).into()),
        content: Some(format!("{} {}", text(zone), text(next))),
        ..zone.clone()
    }
}

/// As a person would put it right: some letters.
fn corrected(text: &str, rng: &mut Rng) -> String {
    format!("{} (sic {})", noisy(text, 0.05, rng), rng.u16(..))
}

/// As a tool would read it: letters that look alike, letters too many and too few.
fn noisy(text: &str, noise: f64, rng: &mut Rng) -> String {
    let mut read = String::with_capacity(text.len());
    // Of three letters each counts: another one is no noise.
    let noise = if text.trim().chars().count() <= 3 { 0.0 } else { noise };
    for letter in text.chars() {
        if letter.is_whitespace() || rng.f64() >= noise {
            read.push(letter);
            continue;
        }
        match rng.u8(..10) {
            0 => {}
            1 => read.extend([letter, letter]),
            _ => read.push(rng.lowercase()),
        }
    }
    read
}

fn gibberish(letters: usize, rng: &mut Rng) -> String {
    (0..letters.max(4)).map(|at| if at % 7 == 6 { ' ' } else { rng.lowercase() }).collect()
}

/// The zone as it stands once it is stored.
fn stored(zone: &NewZone) -> Zone {
    Zone {
        document_id: DocumentId(uuid::Uuid::nil()),
        id: zone.id,
        zone_index: zone.zone_index,
        page_number: zone.page_number,
        zone_type: zone.zone_type.clone(),
        coordinates: zone.coordinates.as_ref().map_or_else(|| json!({}), |c| json!(c)),
        content: zone.content.clone(),
        confidence: zone.confidence,
        processing_tool: None,
        status: zone.status.as_str().to_owned(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        metadata: Value::Object(zone.metadata.clone()),
        version: 1,
        revision: 1,
        zones_revision: 1,
        label: zone.label.clone(),
        external_id: zone.external_id.clone(),
        parent_id: None,
        language: zone.language.clone(),
        processing_model: None,
        job_id: None,
        source: None,
        original: None,
        created_by: None,
    }
}

/// Pages of prose in one or two columns, with headings, as a tool would find them.
pub fn pages_of_prose(pages: usize, rng: &mut Rng) -> Vec<Vec<NewZone>> {
    (1..=pages).map(|page| page_of_prose(i32::try_from(page).unwrap_or(i32::MAX), rng)).collect()
}

fn page_of_prose(page_number: i32, rng: &mut Rng) -> Vec<NewZone> {
    let columns = if rng.bool() { vec![(72.0, 523.0)] } else { vec![(54.0, 288.0), (306.0, 541.0)] };
    let mut zones = Vec::new();
    for (x0, x1) in columns {
        let mut y = 60.0 + rng.f64() * 20.0;
        while y < 720.0 {
            let heading = rng.u8(..6) == 0;
            let lines = if heading { 1 } else { 1 + rng.u8(..6) };
            let words = usize::from(lines) * if heading { 4 } else { 9 };
            let height = f64::from(lines) * 13.0;
            let bounding_box = BoundingBox { x0, y0: y, x1, y1: y + height };
            zones.push(NewZone {
                page_number,
                zone_type: if heading { "section_header" } else { "text" }.to_owned(),
                coordinates: Some(bounding_box.into()),
                content: Some(prose(words, rng)),
                metadata: Map::new(),
                ..crate::a_zone(page_number, i32::try_from(zones.len()).unwrap_or(i32::MAX))
            });
            y += height + 8.0 + rng.f64() * 10.0;
        }
    }
    zones
}

fn prose(words: usize, rng: &mut Rng) -> String {
    const BEGINNINGS: [&str; 20] = [
        "b", "br", "c", "d", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "qu", "r", "s", "st", "t",
        "w",
    ];
    const MIDDLES: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "ou", "ie"];
    const ENDS: [&str; 10] = ["", "n", "r", "s", "t", "l", "nd", "ck", "m", "ng"];
    let any = |rng: &mut Rng, of: &[&'static str]| of[rng.usize(..of.len())];
    let word = |rng: &mut Rng| -> String {
        let syllables = 1 + rng.usize(..3);
        (0..syllables).flat_map(|_| [any(rng, &BEGINNINGS), any(rng, &MIDDLES), any(rng, &ENDS)]).collect()
    };
    (0..words).map(|_| word(rng)).collect::<Vec<_>>().join(" ")
}
