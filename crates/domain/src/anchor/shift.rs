//! By how much a page's zones have moved together.

use std::collections::HashMap;

use super::page::Item;

/// Words of fewer letters say little about where they stand.
const WORD_LETTERS: usize = 3;
/// Zones of a page that are compared by size alone, where texts do not tell.
const COMPARED_BY_SIZE: usize = 300;
/// Width of a bin in which differences count as the same, points.
const BIN: f64 = 4.0;

/// Bins that are looked at again.
const BINS_COUNTED: usize = 24;

/// Pairs (before, now) that share words that stand in no other zone of their page, and how many.
pub(super) fn word_pairs(before: &[Item], now: &[Item]) -> HashMap<(usize, usize), u32> {
    #[derive(Default)]
    struct Found {
        before: Vec<usize>,
        now: Vec<usize>,
    }
    /// A word in more zones than these tells no place.
    const ZONES: usize = 3;
    let mut words: HashMap<String, Found> = HashMap::new();
    for (items, is_now) in [(before, false), (now, true)] {
        for (place, item) in items.iter().enumerate() {
            for word in words_of(item.text) {
                let found = words.entry(word).or_default();
                let zones = if is_now { &mut found.now } else { &mut found.before };
                if zones.len() <= ZONES && zones.last() != Some(&place) {
                    zones.push(place);
                }
            }
        }
    }
    let mut pairs = HashMap::new();
    for found in words.values().filter(|f| f.before.len() <= ZONES && f.now.len() <= ZONES) {
        for b in &found.before {
            for n in &found.now {
                *pairs.entry((*b, *n)).or_insert(0) += 1;
            }
        }
    }
    pairs
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().nth(WORD_LETTERS - 1).is_some())
        .map(str::to_lowercase)
}

/// The translation of most of the page's zones, `[0, 0]` where there is none.
pub(super) fn dominant(before: &[Item], now: &[Item], pairs: &HashMap<(usize, usize), u32>) -> [f64; 2] {
    let mut moves: Vec<[f64; 2]> = pairs
        .keys()
        .filter(|(b, n)| before[*b].profile.likeness(&now[*n].profile) >= 0.6)
        .filter_map(|(b, n)| same_size(&before[*b], &now[*n]))
        .collect();
    if moves.len() < 3 {
        let (before, now) =
            (&before[..before.len().min(COMPARED_BY_SIZE)], &now[..now.len().min(COMPARED_BY_SIZE)]);
        moves.extend(before.iter().flat_map(|b| now.iter().filter_map(|n| same_size(b, n))));
        return most_frequent(&moves, before.len().min(now.len()));
    }
    let middle = [median(moves.iter().map(|m| m[0])), median(moves.iter().map(|m| m[1]))];
    let near = moves.iter().filter(|m| (m[0] - middle[0]).hypot(m[1] - middle[1]) <= 2.0 * BIN).count();
    if 2 * near >= moves.len() { middle } else { [0.0; 2] }
}

/// From one box to the other, if they are of one size: the move of the middle.
fn same_size(before: &Item, now: &Item) -> Option<[f64; 2]> {
    let (b, n) = (before.bounding_box?, now.bounding_box?);
    let like = |a: f64, b: f64| (a - b).abs() <= BIN.max(0.06 * a.max(b));
    (like(b.x1 - b.x0, n.x1 - n.x0) && like(b.y1 - b.y0, n.y1 - n.y0))
        .then(|| [(n.x0 + n.x1 - b.x0 - b.x1) / 2.0, (n.y0 + n.y1 - b.y0 - b.y1) / 2.0])
}

/// The move of at least half of the zones, if there is one and more zones have it than have stayed.
fn most_frequent(moves: &[[f64; 2]], zones: usize) -> [f64; 2] {
    let near = |centre: [f64; 2]| {
        let near = moves.iter().filter(move |m| (m[0] - centre[0]).hypot(m[1] - centre[1]) <= BIN);
        near.collect::<Vec<_>>()
    };
    let mut bins: HashMap<(i64, i64), (u32, [f64; 2])> = HashMap::new();
    for m in moves {
        #[expect(clippy::cast_possible_truncation, reason = "a place on a page, in points")]
        let bin = ((m[0] / BIN).round() as i64, (m[1] / BIN).round() as i64);
        bins.entry(bin).or_insert((0, *m)).0 += 1;
    }
    // What is near the edge of a bin counts in the next one: the best ones are counted anew around their first.
    let mut best: Vec<_> = bins.into_iter().collect();
    best.sort_unstable_by_key(|(bin, (count, _))| (std::cmp::Reverse(*count), *bin));
    let counted = best.iter().take(BINS_COUNTED).map(|(_, (_, centre))| near(*centre));
    let Some(members) = counted.max_by_key(Vec::len) else { return [0.0; 2] };
    if members.len() < 3 || 2 * members.len() < zones || members.len() <= near([0.0; 2]).len() {
        return [0.0; 2];
    }
    [median(members.iter().map(|m| m[0])), median(members.iter().map(|m| m[1]))]
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
