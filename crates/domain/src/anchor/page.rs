//! The zones of one page, before and now, and which pairs of them may be the same.

use std::collections::HashSet;

use super::text::Profile;
use super::{TOLERANCE, shift};
use crate::BoundingBox;

/// A zone as it is compared.
pub(super) struct Item<'a> {
    /// Its place in the list that was handed in.
    pub(super) given: usize,
    /// Its place among the page's zones in reading order, 0..1.
    pub(super) order: f64,
    pub(super) bounding_box: Option<BoundingBox>,
    pub(super) zone_type: &'a str,
    pub(super) text: &'a str,
    pub(super) profile: Profile,
}

/// Two zones that overlap or share words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) before: usize,
    pub(super) now: usize,
    /// Their common area, of the first one, the second one, and both.
    pub(super) before_covered: f64,
    pub(super) now_covered: f64,
    pub(super) union_covered: f64,
    /// Their common text, likewise; absent where one of them has none.
    pub(super) text: Option<Common>,
    /// One of them has no place.
    placeless: bool,
    /// How sure it is that they are one zone.
    pub(super) score: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Common {
    pub(super) before_within: f64,
    pub(super) now_within: f64,
    pub(super) likeness: f64,
    /// Runs of letters in the shorter of the two.
    pub(super) runs: usize,
}

impl Pair {
    /// Whether the two may be one and the same zone.
    pub(super) fn may_be_one(&self, before: &Item, now: &Item) -> bool {
        match self.text {
            Some(text) => {
                self.union_covered >= 0.6
                    || (self.union_covered >= 0.25 && text.likeness >= 0.3)
                    || (text.likeness >= 0.75 && text.runs >= 12)
                    || (self.union_covered > 0.0 && text.likeness >= 0.65)
                    || (before.bounding_box.is_none() && now.bounding_box.is_none() && text.likeness >= 0.5)
            }
            // Nothing tells these but what they come next to.
            None if before.bounding_box.is_none() && now.bounding_box.is_none() => false,
            None => {
                self.union_covered >= 0.4 || (self.union_covered >= 0.25 && before.zone_type == now.zone_type)
            }
        }
    }

    /// Whether the zone of now is a part of the one before.
    pub(super) fn now_is_part(&self) -> bool {
        match self.text {
            Some(text) => part(text.now_within, self.now_covered, self.before_covered, self.placeless),
            None => self.now_covered >= 0.7,
        }
    }

    /// Whether the zone before is a part of the one of now.
    pub(super) fn before_is_part(&self) -> bool {
        match self.text {
            Some(text) => part(text.before_within, self.before_covered, self.now_covered, self.placeless),
            None => self.before_covered >= 0.7,
        }
    }
}

/// Most of its text is in the other and a good part of its place; or nearly all of its place, which is a good part of the
/// other's, and as much of its text as misread letters leave of a word: each of them changes three runs.
fn part(text: f64, place: f64, of_whole: f64, placeless: bool) -> bool {
    (text >= 0.6 && (place >= 0.4 || placeless)) || (text >= 0.25 && place >= 0.8 && of_whole >= 0.15)
}

/// How far apart in the reading order zones without a place are still compared.
const ORDER_WINDOW: usize = 16;

/// Every pair of zones worth looking at, and the page's shift.
pub(super) fn pairs(before: &[Item], now: &[Item]) -> (Vec<Pair>, [f64; 2]) {
    let words = shift::word_pairs(before, now);
    let shift = shift::dominant(before, now, &words);
    let mut seen: HashSet<(usize, usize)> = words.into_keys().collect();
    seen.extend(overlapping(before, now, shift));
    // Zones without a place meet those that come at the same place of the order.
    let placeless = |items: &[Item]| -> Vec<usize> {
        (0..items.len()).filter(|at| items[*at].bounding_box.is_none()).collect()
    };
    let others = placeless(now);
    for (place, b) in placeless(before).into_iter().enumerate() {
        let near = place.saturating_sub(ORDER_WINDOW)..(place + ORDER_WINDOW + 1).min(others.len());
        seen.extend(others.get(near).unwrap_or_default().iter().map(|n| (b, *n)));
    }
    let mut pairs: Vec<Pair> = seen.into_iter().map(|(b, n)| pair(before, now, b, n, shift)).collect();
    pairs.sort_by(|x, y| y.score.total_cmp(&x.score).then((x.before, x.now).cmp(&(y.before, y.now))));
    (pairs, shift)
}

fn pair(before: &[Item], now: &[Item], b: usize, n: usize, shift: [f64; 2]) -> Pair {
    let (one, other) = (&before[b], &now[n]);
    let (common, one_area, other_area) = match (one.bounding_box, other.bounding_box) {
        (Some(one), Some(other)) => {
            let (one, other) = (thick(one), thick(back(other, shift)));
            (common_area(one, other), area(one), area(other))
        }
        _ => (0.0, 1.0, 1.0),
    };
    let text = (!one.profile.is_empty() && !other.profile.is_empty()).then(|| Common {
        before_within: one.profile.within(&other.profile),
        now_within: other.profile.within(&one.profile),
        likeness: one.profile.likeness(&other.profile),
        runs: one.profile.len().min(other.profile.len()),
    });
    let union_covered = common / (one_area + other_area - common);
    let alike = match text {
        Some(text) => 0.5 * union_covered + 0.5 * text.likeness,
        // Text that came or went says less than another text would.
        None if one.profile.is_empty() != other.profile.is_empty() => 0.8 * union_covered,
        None => union_covered,
    };
    let same_type = f64::from(u8::from(one.zone_type == other.zone_type));
    Pair {
        before: b,
        now: n,
        before_covered: common / one_area,
        now_covered: common / other_area,
        union_covered,
        text,
        placeless: one.bounding_box.is_none() || other.bounding_box.is_none(),
        score: alike + 0.05 * same_type - 0.02 * (one.order - other.order).abs(),
    }
}

fn back(b: BoundingBox, [dx, dy]: [f64; 2]) -> BoundingBox {
    BoundingBox { x0: b.x0 - dx, y0: b.y0 - dy, x1: b.x1 - dx, y1: b.y1 - dy }
}

/// A separator is thinner than what its edges are off by: it is compared as if it were not.
fn thick(b: BoundingBox) -> BoundingBox {
    let wider = |from: f64, to: f64| ((3.0 * TOLERANCE - (to - from)) / 2.0).max(0.0);
    let (x, y) = (wider(b.x0, b.x1), wider(b.y0, b.y1));
    BoundingBox { x0: b.x0 - x, y0: b.y0 - y, x1: b.x1 + x, y1: b.y1 + y }
}

/// A line without height has an area too, or nothing would ever be on it.
fn area(b: BoundingBox) -> f64 {
    (b.x1 - b.x0).max(0.1) * (b.y1 - b.y0).max(0.1)
}

fn common_area(a: BoundingBox, b: BoundingBox) -> f64 {
    let width = a.x1.min(b.x1) - a.x0.max(b.x0);
    let height = a.y1.min(b.y1) - a.y0.max(b.y0);
    if width < 0.0 || height < 0.0 { 0.0 } else { width.max(0.1) * height.max(0.1) }
}

/// What share of `b` lies in `a`.
pub(super) fn covered(a: Option<BoundingBox>, b: Option<BoundingBox>) -> f64 {
    match (a, b) {
        (Some(a), Some(b)) => common_area(a, b) / area(b),
        _ => 0.0,
    }
}

/// Pairs whose boxes touch once the shift is taken back. The page is cut into stripes, so that a zone meets only its
/// neighbours.
fn overlapping(before: &[Item], now: &[Item], shift: [f64; 2]) -> Vec<(usize, usize)> {
    const STRIPES: f64 = 256.0;
    let moved: Vec<(usize, BoundingBox)> = now
        .iter()
        .enumerate()
        .filter_map(|(n, item)| item.bounding_box.map(|b| (n, thick(back(b, shift)))))
        .collect();
    let boxes =
        || before.iter().filter_map(|item| item.bounding_box.map(thick)).chain(moved.iter().map(|(_, b)| *b));
    let top = boxes().map(|b| b.y0).fold(f64::INFINITY, f64::min);
    let bottom = boxes().map(|b| b.y1).fold(f64::NEG_INFINITY, f64::max);
    let height = ((bottom - top) / STRIPES).max(0.1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0..=STRIPES by construction"
    )]
    let stripe = |y: f64| ((y - top) / height).clamp(0.0, STRIPES) as usize;
    let mut stripes: Vec<Vec<usize>> = Vec::new();
    stripes.resize_with(stripe(bottom) + 1, Vec::new);
    for (place, (_, b)) in moved.iter().enumerate() {
        for at in &mut stripes[stripe(b.y0)..=stripe(b.y1)] {
            at.push(place);
        }
    }
    let mut pairs = Vec::new();
    let mut met = vec![usize::MAX; moved.len()];
    for (b, one) in before.iter().enumerate().filter_map(|(b, item)| Some((b, thick(item.bounding_box?)))) {
        for place in stripes[stripe(one.y0)..=stripe(one.y1)].iter().flatten() {
            if met[*place] != b && common_area(one, moved[*place].1) > 0.0 {
                pairs.push((b, moved[*place].0));
            }
            met[*place] = b;
        }
    }
    pairs
}
