//! Which numbers the zones of the run's pages get: the run's reading order, and what stays of people's after what it
//! stood behind.

use std::collections::{BTreeMap, HashMap};

use super::rebase::{Fate, Standing};
use crate::Invalid;
use crate::zones::{NewZone, ZONES_PER_PAGE};

/// The numbers that a page takes which the run did not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherPage {
    /// Page, from 1.
    pub page_number: i32,
    /// Its least `zone_index`.
    pub first: i32,
    /// Its greatest.
    pub last: i32,
}

/// The `zone_index` of every zone on the run's pages.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// Of the standing zones that stay, by their place in the list.
    pub standing: HashMap<usize, i32>,
    /// Of the run's zones that are inserted, likewise.
    pub found: HashMap<usize, i32>,
    /// Whether the other pages' zones must first be put in the ranges of their pages, since there is no room between.
    pub renumber_others: bool,
}

impl Placement {
    /// The greatest number given.
    pub fn greatest(&self) -> i32 {
        self.standing.values().chain(self.found.values()).copied().max().unwrap_or(-1)
    }
}

/// A zone on its place in the order.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Standing { at: usize, now: i32, wish: i32 },
    Found { at: usize, wish: i32 },
}

impl Entry {
    const fn wish(self) -> i32 {
        match self {
            Self::Standing { wish, .. } | Self::Found { wish, .. } => wish,
        }
    }
}

/// Numbers for all zones of the run's pages.
pub(super) fn place(
    standing: &[Standing],
    fate: &[Fate],
    found: &[NewZone],
    inserted: &[usize],
    others: &[OtherPage],
) -> Result<Placement, Invalid> {
    let pages = sequences(standing, fate, found, inserted);
    numbered(&pages, others)
}

/// Numbers for `found` in the place of the zones `removed`, on one page whose zones are `standing`: pairs of number and
/// whether the zone goes. The places in the answer are those of the lists.
///
/// # Errors
/// If the page would hold more zones than it has numbers.
pub fn replace(
    page: i32,
    standing: &[(i32, bool)],
    found: usize,
    others: &[OtherPage],
) -> Result<Placement, Invalid> {
    let mut order: Vec<usize> = (0..standing.len()).collect();
    order.sort_by_key(|at| standing[*at].0);
    let first = order.iter().position(|at| standing[*at].1).unwrap_or(order.len());
    let mut entries = Vec::new();
    for (place, at) in order.iter().enumerate() {
        let (now, goes) = standing[*at];
        if place == first {
            entries.extend((0..found).map(|at| Entry::Found { at, wish: now }));
        }
        if !goes {
            entries.push(Entry::Standing { at: *at, now, wish: now });
        }
    }
    if first == order.len() {
        entries.extend((0..found).map(|at| Entry::Found { at, wish: 0 }));
    }
    numbered(&BTreeMap::from([(page, entries)]), others)
}

fn numbered(pages: &BTreeMap<i32, Vec<Entry>>, others: &[OtherPage]) -> Result<Placement, Invalid> {
    for (page, entries) in pages {
        if i32::try_from(entries.len()).map_or(true, |count| count > ZONES_PER_PAGE) {
            let reason = format!(
                "page {page} would hold {} zones; a page has {ZONES_PER_PAGE} numbers",
                entries.len()
            );
            return Err(Invalid::new("zone_index", reason));
        }
    }
    let between = numbers_between(pages, others);
    let renumber_others = between.is_none();
    let in_ranges = || pages.iter().map(|(page, entries)| in_range(*page, entries)).collect();
    let numbers = between.unwrap_or_else(in_ranges);
    let mut placement = Placement { renumber_others, ..Placement::default() };
    for (entry, number) in pages.values().flatten().zip(numbers.into_iter().flatten()) {
        match entry {
            Entry::Standing { at, .. } => placement.standing.insert(*at, number),
            Entry::Found { at, .. } => placement.found.insert(*at, number),
        };
    }
    Ok(placement)
}

/// Each page's zones in their new order.
fn sequences(
    standing: &[Standing],
    fate: &[Fate],
    found: &[NewZone],
    inserted: &[usize],
) -> BTreeMap<i32, Vec<Entry>> {
    let mut run: BTreeMap<i32, Vec<Entry>> = BTreeMap::new();
    for at in inserted {
        run.entry(found[*at].page_number)
            .or_default()
            .push(Entry::Found { at: *at, wish: found[*at].zone_index });
    }
    for (at, zone) in standing.iter().enumerate() {
        if let Fate::Refreshed(n) = fate[at] {
            let entry = Entry::Standing { at, now: zone.zone.zone_index, wish: found[n].zone_index };
            run.entry(found[n].page_number).or_default().push(entry);
        }
    }
    let mut old_order: Vec<usize> = (0..standing.len()).filter(|at| fate[*at] != Fate::Deleted).collect();
    old_order.sort_by_key(|at| standing[*at].zone.zone_index);
    let mut behind: HashMap<Option<usize>, Vec<Entry>> = HashMap::new();
    let mut last: HashMap<i32, usize> = HashMap::new();
    let mut heads: BTreeMap<i32, Vec<Entry>> = BTreeMap::new();
    for at in old_order {
        let zone = standing[at].zone;
        if matches!(fate[at], Fate::Refreshed(_)) {
            last.insert(zone.page_number, at);
            continue;
        }
        let entry = Entry::Standing { at, now: zone.zone_index, wish: zone.zone_index };
        match last.get(&zone.page_number) {
            Some(before) => behind.entry(Some(*before)).or_default().push(entry),
            None => heads.entry(zone.page_number).or_default().push(entry),
        }
    }
    for page in heads.keys() {
        run.entry(*page).or_default();
    }
    run.into_iter()
        .map(|(page, mut entries)| {
            entries.sort_by_key(|entry| entry.wish());
            let mut all = heads.remove(&page).unwrap_or_default();
            for entry in entries {
                all.push(entry);
                if let Entry::Standing { at, .. } = entry {
                    all.extend(behind.remove(&Some(at)).unwrap_or_default());
                }
            }
            (page, all)
        })
        .collect()
}

/// Numbers that leave the other pages alone, if there are.
fn numbers_between(pages: &BTreeMap<i32, Vec<Entry>>, others: &[OtherPage]) -> Option<Vec<Vec<i32>>> {
    let mut below = -1;
    let mut all = Vec::new();
    for (page, entries) in pages {
        let lower = others.iter().filter(|other| other.page_number < *page).map(|other| other.last).max();
        let upper = others.iter().filter(|other| other.page_number > *page).map(|other| other.first).min();
        let room = (below.max(lower.unwrap_or(-1)), upper.unwrap_or(i32::MAX));
        let numbers = as_they_stand(entries, room, *page)
            .or_else(|| as_wished(entries, room))
            .or_else(|| Some(in_range(*page, entries)).filter(|numbers| fits(numbers, room)))
            .or_else(|| dense(entries, room))?;
        below = numbers.last().copied().unwrap_or(below).max(below);
        all.push(numbers);
    }
    Some(all)
}

fn fits(numbers: &[i32], (below, above): (i32, i32)) -> bool {
    numbers.windows(2).all(|pair| pair[0] < pair[1])
        && numbers.first().is_none_or(|first| *first > below)
        && numbers.last().is_none_or(|last| *last < above)
}

/// What has a number keeps it, and what is new goes into the gaps.
fn as_they_stand(entries: &[Entry], room: (i32, i32), page: i32) -> Option<Vec<i32>> {
    if !entries.iter().any(|entry| matches!(entry, Entry::Standing { .. })) {
        return None;
    }
    let mut numbers = vec![i32::MIN; entries.len()];
    let mut next = room.1.min(page.saturating_mul(ZONES_PER_PAGE).max(room.0.saturating_add(1)));
    // From the end: a gap is filled downwards from what stands behind it, and at the page's end upwards.
    let mut unplaced = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        match entry {
            Entry::Standing { now, .. } => {
                numbers[place] = *now;
                let previous = place
                    .checked_sub(unplaced.len() + 1)
                    .and_then(|at| numbers.get(at).copied())
                    .unwrap_or(room.0);
                fill(&mut numbers, &unplaced, previous, *now)?;
                unplaced.clear();
            }
            Entry::Found { .. } => unplaced.push(place),
        }
    }
    let last = entries.len().checked_sub(unplaced.len() + 1).map_or(room.0, |at| numbers[at]);
    if last >= next {
        next = room.1;
    }
    fill(&mut numbers, &unplaced, last, next)?;
    fits(&numbers, room).then_some(numbers)
}

fn fill(numbers: &mut [i32], places: &[usize], after: i32, before: i32) -> Option<()> {
    let mut number = after;
    for place in places {
        number = number.checked_add(1).filter(|number| *number < before)?;
        numbers[*place] = number;
    }
    Some(())
}

fn as_wished(entries: &[Entry], room: (i32, i32)) -> Option<Vec<i32>> {
    Some(entries.iter().map(|entry| entry.wish()).collect::<Vec<_>>()).filter(|numbers| fits(numbers, room))
}

fn in_range(page: i32, entries: &[Entry]) -> Vec<i32> {
    let start = (page - 1).saturating_mul(ZONES_PER_PAGE);
    (start..).take(entries.len()).collect()
}

fn dense(entries: &[Entry], room: (i32, i32)) -> Option<Vec<i32>> {
    let start = room.0.checked_add(1)?;
    let numbers: Vec<i32> = (start..).take(entries.len()).collect();
    (numbers.len() == entries.len() && fits(&numbers, room)).then_some(numbers)
}
