//! Which zones of a new run are which of the old ones.
//!
//! Zones of a page are compared by where they stand, what they say, what they are called and where they come in the
//! reading order, after the shift that most of the page has in common is taken back. Every zone ends in exactly one
//! [`Group`]. On this rests [`rebase`], which lays people's work over a new run.

mod order;
mod page;
pub mod rebase;
mod shift;
mod text;

use std::collections::BTreeMap;

pub use text::differs;

use crate::BoundingBox;
use page::{Item, Pair, covered, pairs};
use text::Profile;

/// An edge that moved by no more than this stands where it was: points.
pub const TOLERANCE: f64 = 3.0;

/// A zone, as far as comparing needs it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Page, from 1.
    pub page_number: i32,
    /// Place in the reading order.
    pub zone_index: i32,
    /// Canonical label.
    pub zone_type: &'a str,
    /// Where it stands, if it has a place.
    pub bounding_box: Option<BoundingBox>,
    /// Its text; empty where it has none.
    pub content: &'a str,
}

/// What became of the zones of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// One is one, and each of its edges is where it was, within [`TOLERANCE`].
    Same,
    /// One is one, elsewhere.
    Moved,
    /// One became several.
    Split,
    /// Several became one, or several others.
    Merged,
    /// One has nothing in its place.
    Gone,
    /// One was not there before.
    New,
}

/// Zones that belong together, by their places in the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What became of them.
    pub relation: Relation,
    /// Of the zones before.
    pub before: Vec<usize>,
    /// Of the zones now.
    pub now: Vec<usize>,
}

/// All zones, each in one group, and how far each page moved as a whole.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// By page, in reading order of the zones before; what is new comes after them.
    pub groups: Vec<Group>,
    /// The page's common translation in points, `[0, 0]` where it has none.
    pub shifts: BTreeMap<i32, [f64; 2]>,
}

/// Compares the zones of a document's pages with those of a new run.
pub fn compare(before: &[Seen], now: &[Seen]) -> Comparison {
    let mut pages: BTreeMap<i32, [Vec<usize>; 2]> = BTreeMap::new();
    for (side, zones) in [before, now].into_iter().enumerate() {
        for (given, zone) in zones.iter().enumerate() {
            pages.entry(zone.page_number).or_default()[side].push(given);
        }
    }
    let mut comparison = Comparison::default();
    for (page_number, [old, new]) in pages {
        let (old, new) = (items(before, old), items(now, new));
        let (pairs, shift) = pairs(&old, &new);
        comparison.shifts.insert(page_number, shift);
        comparison.groups.extend(groups(&old, &new, &pairs));
    }
    comparison
}

fn items<'a>(zones: &[Seen<'a>], mut given: Vec<usize>) -> Vec<Item<'a>> {
    given.sort_by_key(|at| zones[*at].zone_index);
    let last = f64::from(u32::try_from(given.len()).unwrap_or(u32::MAX)).max(1.0);
    let orders = (0..u32::MAX).map(|place| f64::from(place) / last);
    given
        .into_iter()
        .zip(orders)
        .map(|(given, order)| {
            let Seen { bounding_box, zone_type, content, .. } = zones[given];
            Item { given, order, bounding_box, zone_type, text: content, profile: Profile::of(content) }
        })
        .collect()
}

/// One page: first each zone finds the one most like it, then what is left finds the zone it became a part of, or that
/// became a part of it.
fn groups(before: &[Item], now: &[Item], pairs: &[Pair]) -> Vec<Group> {
    let mut of_before: Vec<Option<usize>> = vec![None; before.len()];
    let mut of_now: Vec<Option<usize>> = vec![None; now.len()];
    for pair in pairs {
        if of_before[pair.before].is_none()
            && of_now[pair.now].is_none()
            && pair.may_be_one(&before[pair.before], &now[pair.now])
        {
            of_before[pair.before] = Some(pair.now);
            of_now[pair.now] = Some(pair.before);
        }
    }
    let (whole_before, whole_now) = (of_before.clone(), of_now.clone());
    let mut links: Vec<(usize, usize)> =
        of_now.iter().enumerate().filter_map(|(n, b)| b.map(|b| (b, n))).collect();
    for pair in pairs {
        let is_part = whole_now[pair.now].is_none() && of_now[pair.now].is_none() && pair.now_is_part();
        let explained =
            || whole_before[pair.before].is_some_and(|whole| stands_in(&now[pair.now], &now[whole]));
        if is_part && !explained() {
            of_now[pair.now] = Some(pair.before);
            links.push((pair.before, pair.now));
            continue;
        }
        let is_part =
            whole_before[pair.before].is_none() && of_before[pair.before].is_none() && pair.before_is_part();
        let explained =
            || whole_now[pair.now].is_some_and(|whole| stands_in(&before[pair.before], &before[whole]));
        if is_part && !explained() {
            of_before[pair.before] = Some(pair.now);
            links.push((pair.before, pair.now));
        }
    }
    gathered(before, now, &links)
}

/// Whether `part` stands in `whole`, of the same run: then it is no part broken off of anything.
fn stands_in(part: &Item, whole: &Item) -> bool {
    let textual = part.profile.is_empty() || part.profile.within(&whole.profile) >= 0.6;
    let placeless = part.bounding_box.is_none() || whole.bounding_box.is_none();
    let boxed = placeless || covered(whole.bounding_box, part.bounding_box) >= 0.5;
    textual && boxed
}

/// The groups that the links make.
fn gathered(before: &[Item], now: &[Item], links: &[(usize, usize)]) -> Vec<Group> {
    let mut now_of: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    let mut before_of: Vec<Vec<usize>> = vec![Vec::new(); now.len()];
    for (b, n) in links {
        now_of[*b].push(*n);
        before_of[*n].push(*b);
    }
    let mut groups = Vec::new();
    let (mut taken_before, mut taken_now) = (vec![false; before.len()], vec![false; now.len()]);
    for start in 0..before.len() {
        if taken_before[start] {
            continue;
        }
        let (mut old, mut new, mut next) = (Vec::new(), Vec::new(), vec![start]);
        taken_before[start] = true;
        while let Some(b) = next.pop() {
            old.push(b);
            for n in &now_of[b] {
                if std::mem::replace(&mut taken_now[*n], true) {
                    continue;
                }
                new.push(*n);
                next.extend(
                    before_of[*n].iter().filter(|b| !std::mem::replace(&mut taken_before[**b], true)),
                );
            }
        }
        old.sort_unstable();
        new.sort_unstable();
        let relation = match (old.as_slice(), new.as_slice()) {
            (_, []) => Relation::Gone,
            ([b], [n]) => one_is_one(before[*b].bounding_box, now[*n].bounding_box),
            ([_], _) => Relation::Split,
            _ => Relation::Merged,
        };
        groups.push(Group {
            relation,
            before: old.into_iter().map(|b| before[b].given).collect(),
            now: new.into_iter().map(|n| now[n].given).collect(),
        });
    }
    let new = now.iter().zip(taken_now).filter(|(_, taken)| !taken);
    groups.extend(new.map(|(item, _)| Group {
        relation: Relation::New,
        before: Vec::new(),
        now: vec![item.given],
    }));
    groups
}

fn one_is_one(before: Option<BoundingBox>, now: Option<BoundingBox>) -> Relation {
    let near = match (before, now) {
        (Some(a), Some(b)) => [a.x0 - b.x0, a.y0 - b.y0, a.x1 - b.x1, a.y1 - b.y1]
            .into_iter()
            .all(|moved| moved.abs() <= TOLERANCE),
        (None, None) => true,
        _ => false,
    };
    if near { Relation::Same } else { Relation::Moved }
}

#[cfg(test)]
mod tests;
