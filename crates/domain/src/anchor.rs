//! Which zones of a new run are which of the old ones.
//!
//! Zones of a page are compared by where they stand, what they say, what they are called and where they come in the
//! reading order, after the shift that most of the page has in common is taken back. Every zone ends in exactly one
//! [`Group`]. On this rests [`rebase`], which lays people's work over a new run.

mod order;
mod page;
pub mod rebase;
mod reread;
mod shift;
mod text;

use std::collections::BTreeMap;
use std::ops::Range;

pub use reread::reread;
pub use text::differs;

use crate::BoundingBox;
use page::{Item, Pair, covered, pairs};
use text::Profile;

/// An edge that moved by no more than this stands where it was: points.
pub const TOLERANCE: f64 = 3.0;

/// Zones between two that are known, of which every one is compared with every other.
const GAP_COMPARED: usize = 200;

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
    follow_neighbours(before, now, &mut of_before, &mut of_now);
    let mut links: Vec<(usize, usize)> =
        of_now.iter().enumerate().filter_map(|(n, b)| b.map(|b| (b, n))).collect();
    let ones = links.len();
    for pair in pairs {
        let (b, n) = (pair.before, pair.now);
        // What stands in the zone that the whole already is, is no part broken off of it.
        let explained = of_before[b].is_some_and(|whole| stands_in(&now[n], &now[whole]));
        if of_now[n].is_none() && pair.now_is_part() && !explained {
            of_now[n] = Some(b);
            links.push((b, n));
            continue;
        }
        let explained = of_now[n].is_some_and(|whole| stands_in(&before[b], &before[whole]));
        if of_before[b].is_none() && pair.before_is_part() && !explained {
            of_before[b] = Some(n);
            links.push((b, n));
        }
    }
    // A part that is all that is left of a zone, and a whole of which only one part was known, is another zone.
    let (mut of_one_before, mut of_one_now) = (vec![0_usize; before.len()], vec![0_usize; now.len()]);
    for (b, n) in &links {
        of_one_before[*b] += 1;
        of_one_now[*n] += 1;
    }
    let parts = links.split_off(ones);
    links.extend(parts.into_iter().filter(|(b, n)| of_one_before[*b] > 1 || of_one_now[*n] > 1));
    gathered(before, now, &links)
}

/// Zones that have no place, and little or no text to tell them by, are those that come next to others that are known.
fn follow_neighbours(
    before: &[Item],
    now: &[Item],
    of_before: &mut [Option<usize>],
    of_now: &mut [Option<usize>],
) {
    let alike = |b: usize, n: usize| {
        let (Some(one), Some(other)) = (before.get(b), now.get(n)) else { return false };
        let placeless = one.bounding_box.is_none() && other.bounding_box.is_none();
        let silent = one.profile.is_empty() && other.profile.is_empty();
        let same = if silent {
            one.zone_type == other.zone_type
        } else {
            one.profile.likeness(&other.profile) >= 0.25
        };
        placeless && same
    };
    let mut follow = |b: usize, beside: usize, n: Option<usize>| {
        let of_neighbour = of_before.get(beside).copied().flatten();
        let n =
            n.or_else(|| if beside < b { of_neighbour.map(|n| n + 1) } else { of_neighbour?.checked_sub(1) });
        if let Some(n) = n
            && of_before[b].is_none()
            && of_now.get(n).is_some_and(Option::is_none)
            && alike(b, n)
        {
            of_before[b] = Some(n);
            of_now[n] = Some(b);
        }
    };
    if !before.is_empty() {
        follow(0, 0, Some(0));
    }
    for b in 1..before.len() {
        follow(b, b - 1, None);
    }
    for b in (1..before.len()).rev() {
        follow(b - 1, b, None);
    }
    // Between two neighbours that are known: as many are the same ones, whatever they are called now; otherwise as many
    // as can be found again in their order.
    let silent = |item: &Item| item.bounding_box.is_none() && item.profile.is_empty();
    let mut start = 0;
    while start < before.len() {
        let end = (start..before.len()).find(|b| of_before[*b].is_some()).unwrap_or(before.len());
        let first = match start.checked_sub(1) {
            Some(known) => of_before[known].map(|n| n + 1),
            None => Some(0),
        };
        let last = of_before.get(end).map_or(Some(now.len()), |known| *known);
        if let (Some(first), Some(last)) = (first, last)
            && first <= last
            && end - start <= GAP_COMPARED
            && last - first <= GAP_COMPARED
        {
            let all_silent =
                (start..end).all(|b| silent(&before[b])) && (first..last).all(|n| silent(&now[n]));
            let as_many = end - start == last - first;
            let same = |b: usize, n: usize| {
                of_now[n].is_none()
                    && silent(&before[b])
                    && silent(&now[n])
                    && ((as_many && all_silent) || before[b].zone_type == now[n].zone_type)
            };
            for (b, n) in in_order(start..end, first..last, same) {
                (of_before[b], of_now[n]) = (Some(n), Some(b));
            }
        }
        start = end + 1;
    }
}

/// The most pairs that are the same and keep their order (longest common subsequence).
fn in_order(
    before: Range<usize>,
    now: Range<usize>,
    same: impl Fn(usize, usize) -> bool,
) -> Vec<(usize, usize)> {
    let mut longest = vec![vec![0_usize; now.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..now.len()).rev() {
            longest[i][j] = if same(before.start + i, now.start + j) {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < before.len() && j < now.len() {
        if same(before.start + i, now.start + j) {
            pairs.push((before.start + i, now.start + j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Whether `part` stands in `whole`, of the same run: then it is no part broken off of anything.
fn stands_in(part: &Item, whole: &Item) -> bool {
    let silent = part.profile.is_empty() || whole.profile.is_empty();
    let textual = silent || part.profile.within(&whole.profile) >= 0.6;
    let placeless = part.bounding_box.is_none() || whole.bounding_box.is_none();
    let place = covered(whole.bounding_box, part.bounding_box);
    (textual && (placeless || place >= 0.5)) || place >= 0.9
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
