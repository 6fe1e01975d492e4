//! Runs: glyphs that follow each other without a gap, as the content stream draws them.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use kurbo::{Rect, Vec2};

use super::frame::Direction;
use super::writing;
use crate::text::Glyph;

/// A gap wider than this part of the size separates words.
pub(super) const WORD_GAP: f64 = 0.1;
/// A step back further than this part of the size begins a new run.
const STEP_BACK: f64 = 0.3;
/// A glyph drawn again within this part of the size is the same one, made bold by drawing it twice.
const SAME_PLACE: f64 = 0.1;

/// A piece of a line. Coordinates are those of its direction's frame.
#[derive(Debug, Clone)]
pub(super) struct Run {
    /// The texts of its glyphs from left to right.
    pub(super) units: Vec<Rc<str>>,
    pub(super) x0: f64,
    pub(super) x1: f64,
    pub(super) base: f64,
    pub(super) size: f64,
    pub(super) bold: bool,
    /// Whether the stream has a space before or after it.
    pub(super) space_before: bool,
    pub(super) space_after: bool,
    /// On the page.
    pub(super) bbox: Rect,
}

impl Run {
    pub(super) fn chars(&self) -> usize {
        self.units.iter().map(|unit| unit.chars().count()).sum()
    }
}

/// The runs of a page by direction. Glyphs off the page are left out.
pub(super) fn collect(glyphs: Vec<Glyph>, page: Rect) -> BTreeMap<Direction, Vec<Run>> {
    let mut runs: BTreeMap<Direction, Vec<Run>> = BTreeMap::new();
    let mut direction = Direction::of(Vec2::new(1.0, 0.0));
    let mut previous: Option<(Direction, Place)> = None;
    let mut pending_space = false;
    for glyph in glyphs {
        if glyph.advance.hypot() > 1e-6 {
            direction = Direction::of(glyph.advance);
        }
        if glyph.text.trim().is_empty() {
            if !glyph.text.is_empty() {
                pending_space = true;
                if let Some((before, _)) = previous.take()
                    && let Some(run) = runs.get_mut(&before).and_then(|runs| runs.last_mut())
                {
                    run.space_after = true;
                }
            }
            continue;
        }
        if !page.overlaps(glyph.bbox) {
            previous = None;
            continue;
        }
        let place = Place::of(&glyph, direction);
        let continued = previous.as_ref().filter(|(before, _)| *before == direction).map(|(_, place)| place);
        let same_way = runs.entry(direction).or_default();
        match (continued, same_way.last_mut()) {
            (Some(last), Some(_)) if last.is_same(&place, &glyph) => continue,
            (Some(last), Some(run)) if last.is_followed_by(&place) => run.push(&glyph, &place),
            _ => same_way.push(Run::of(&glyph, &place, std::mem::take(&mut pending_space))),
        }
        pending_space = false;
        previous = Some((direction, place));
    }
    for list in runs.values_mut() {
        drop_doubles(list);
    }
    runs
}

/// A glyph in its direction's frame.
struct Place {
    x0: f64,
    x1: f64,
    base: f64,
    size: f64,
    text: Rc<str>,
}

impl Place {
    fn of(glyph: &Glyph, direction: Direction) -> Self {
        let start = direction.turn_point(glyph.origin);
        let end = direction.turn_point(glyph.origin + glyph.advance);
        Self {
            x0: start.x,
            x1: end.x.max(start.x),
            base: start.y,
            size: glyph.size,
            text: glyph.text.clone(),
        }
    }

    fn is_same(&self, next: &Self, glyph: &Glyph) -> bool {
        let near = SAME_PLACE * self.size;
        self.text == glyph.text
            && (next.x0 - self.x0).abs() < near
            && (next.base - self.base).abs() < 2.0 * near
    }

    fn is_followed_by(&self, next: &Self) -> bool {
        let size = self.size.max(next.size);
        let gap = next.x0 - self.x1;
        (next.base - self.base).abs() < (0.06 * size).max(0.5)
            && gap <= WORD_GAP * self.size.min(next.size)
            && gap >= -STEP_BACK * size
            && next.x0 >= self.x0 - 0.05 * size
            && self.size.min(next.size) > 0.7 * size
    }
}

impl Run {
    fn of(glyph: &Glyph, place: &Place, space_before: bool) -> Self {
        Self {
            units: vec![glyph.text.clone()],
            x0: place.x0,
            x1: place.x1,
            base: place.base,
            size: place.size,
            bold: glyph.bold,
            space_before,
            space_after: false,
            bbox: glyph.bbox,
        }
    }

    fn push(&mut self, glyph: &Glyph, place: &Place) {
        self.x1 = self.x1.max(place.x1);
        self.size = self.size.max(place.size);
        self.bold &= glyph.bold;
        self.bbox = self.bbox.union(glyph.bbox);
        match self
            .units
            .last_mut()
            .and_then(|last| writing::compose(last, &glyph.text).map(|both| (last, both)))
        {
            Some((last, both)) => *last = both,
            None => self.units.push(glyph.text.clone()),
        }
    }
}

/// Drops runs drawn a second time at the same place.
fn drop_doubles(runs: &mut Vec<Run>) {
    let mut seen: HashMap<Vec<Rc<str>>, Vec<(f64, f64)>> = HashMap::new();
    runs.retain(|run| {
        if run.units.len() < 2 {
            return true;
        }
        let places = seen.entry(run.units.clone()).or_default();
        let near = SAME_PLACE * run.size;
        let double =
            places.iter().any(|(x, y)| (x - run.x0).abs() < near && (y - run.base).abs() < 2.0 * near);
        places.push((run.x0, run.base));
        !double
    });
}
