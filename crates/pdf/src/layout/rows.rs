//! Rows: runs on one baseline, split into chunks where the gap is wider than between words.

use std::cmp::Ordering;
use std::rc::Rc;

use kurbo::Rect;

use super::kinds::is_marker;
use super::runs::{Run, WORD_GAP};
use super::writing;

/// A gap wider than this part of the size may separate columns; the lines around it tell.
const COLUMN_GAP: f64 = 0.75;
/// Without lines around it, a gap up to this is a wide space.
const WIDE_SPACE: f64 = 1.3;
/// A gap wider than this is no space in any line.
const JUSTIFIED_GAP: f64 = 2.5;
/// How many lines above and below are asked, and how far they may be, as a multiple of the size.
const WITNESSES: usize = 6;
const WITNESS_REACH: f64 = 7.0;
/// How far after a bullet or number its text may begin.
const MARKER_GAP: f64 = 5.0;

/// A stretch of text on one baseline without a wide gap. Coordinates are those of its direction's frame.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) text: String,
    pub(super) chars: usize,
    pub(super) x0: f64,
    pub(super) x1: f64,
    pub(super) base: f64,
    /// The size of most of its characters.
    pub(super) size: f64,
    /// Whether all of it is bold.
    pub(super) bold: bool,
    /// On the page.
    pub(super) bbox: Rect,
    runs: Vec<Run>,
}

/// Chunks on one baseline, from left to right.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) base: f64,
    pub(super) chunks: Vec<Chunk>,
}

impl Row {
    pub(super) fn size(&self) -> f64 {
        self.chunks.iter().map(|chunk| chunk.size).fold(0.0, f64::max)
    }
}

/// All runs of one direction as rows, from top to bottom.
pub(super) fn rows(runs: Vec<Run>) -> Vec<Row> {
    let lines = attach_scripts(baselines(runs));
    let mut rows: Vec<Row> = lines.into_iter().map(row).collect();
    rows.sort_by(|a, b| order(a.base, b.base));
    heal(&mut rows);
    rows
}

fn order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Groups runs by baseline.
fn baselines(mut runs: Vec<Run>) -> Vec<Vec<Run>> {
    runs.sort_by(|a, b| order(a.base, b.base).then(order(a.x0, b.x0)));
    let mut lines: Vec<Vec<Run>> = Vec::new();
    for run in runs {
        match lines.last_mut() {
            Some(line)
                if line.last().is_some_and(|last| run.base - last.base <= 0.12 * run.size.min(last.size))
                    && line
                        .first()
                        .is_some_and(|first| run.base - first.base <= 0.3 * run.size.min(first.size)) =>
            {
                line.push(run);
            }
            _ => lines.push(vec![run]),
        }
    }
    lines
}

/// Moves superscripts and subscripts to the line they belong to.
fn attach_scripts(mut lines: Vec<Vec<Run>>) -> Vec<Vec<Run>> {
    for index in 0..lines.len() {
        let candidates = index.saturating_sub(4)..(index + 5).min(lines.len());
        let mut kept = Vec::new();
        for run in std::mem::take(&mut lines[index]) {
            let host = candidates
                .clone()
                .filter(|other| *other != index)
                .find(|other| lines[*other].iter().any(|host| is_script_of(&run, host)));
            match host {
                Some(host) => lines[host].push(run),
                None => kept.push(run),
            }
        }
        lines[index].extend(kept);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

fn is_script_of(run: &Run, host: &Run) -> bool {
    let after = run.x0 - host.x1;
    let before = host.x0 - run.x1;
    host.size > 1.15 * run.size
        && host.size < 3.0 * run.size
        && (run.base - host.base).abs() <= 0.6 * host.size
        && ((-0.3 * host.size..=0.2 * host.size).contains(&after)
            || (-0.1 * host.size..=0.1 * host.size).contains(&before))
}

fn row(mut runs: Vec<Run>) -> Row {
    runs.sort_by(|a, b| order(a.x0, b.x0));
    let base = most(&runs, |run| run.base);
    let mut chunks: Vec<Vec<Run>> = Vec::new();
    for run in runs {
        match chunks.last_mut() {
            Some(chunk)
                if chunk
                    .last()
                    .is_some_and(|last| run.x0 - last.x1 <= COLUMN_GAP * last.size.max(run.size)) =>
            {
                chunk.push(run);
            }
            _ => chunks.push(vec![run]),
        }
    }
    let mut joined: Vec<Chunk> = Vec::new();
    for chunk in chunks.into_iter().map(Chunk::of) {
        match joined.last_mut() {
            Some(last) if is_marker(&last.text) && chunk.x0 - last.x1 <= MARKER_GAP * chunk.size => {
                last.join(chunk);
            }
            _ => joined.push(chunk),
        }
    }
    Row { base, chunks: joined }
}

/// A property of the run with the most characters.
fn most<T>(runs: &[Run], of: impl Fn(&Run) -> T) -> T
where
    T: Default,
{
    runs.iter().max_by_key(|run| run.chars()).map(of).unwrap_or_default()
}

/// Joins chunks that are parts of one line with wide spaces: most of the lines around run through where they are parted,
/// while a gutter between columns parts them too.
fn heal(rows: &mut [Row]) {
    for index in 0..rows.len() {
        let mut at = 0;
        while at + 1 < rows[index].chunks.len() {
            if is_one_line(rows, index, at) {
                let right = rows[index].chunks.remove(at + 1);
                rows[index].chunks[at].join(right);
            } else {
                at += 1;
            }
        }
    }
}

fn is_one_line(rows: &[Row], index: usize, at: usize) -> bool {
    let (left, right) = (&rows[index].chunks[at], &rows[index].chunks[at + 1]);
    let size = left.size.max(right.size);
    let gap = right.x0 - left.x1;
    if gap > JUSTIFIED_GAP * size {
        return false;
    }
    let near = |row: &&Row| (row.base - left.base).abs() <= WITNESS_REACH * size;
    let below = rows[index + 1..].iter().take(WITNESSES).take_while(near);
    let above = rows[..index].iter().rev().take(WITNESSES).take_while(near);
    let (mut through, mut parted) = (0, 0);
    for row in above.chain(below) {
        let similar = |chunk: &&Chunk| chunk.size < 1.15 * size && chunk.size > 0.87 * size;
        let mut chunks = row.chunks.iter().filter(similar);
        if chunks.clone().any(|chunk| chunk.x0 < left.x1 - 0.5 * size && chunk.x1 > right.x0 + 0.5 * size) {
            through += 1;
        } else if chunks.clone().any(|chunk| chunk.x0 >= left.x1 && chunk.x0 < right.x0 + 2.0 * size)
            && chunks.any(|chunk| chunk.x1 <= right.x0 && chunk.x1 > left.x0)
        {
            parted += 1;
        }
    }
    if (through, parted) == (0, 0) { gap <= WIDE_SPACE * size } else { through > parted }
}

impl Chunk {
    fn of(runs: Vec<Run>) -> Self {
        let units = units(&runs);
        let text = writing::text(&units).split_whitespace().collect::<Vec<_>>().join(" ");
        let bbox = runs.iter().map(|run| run.bbox).reduce(|a, b| a.union(b)).unwrap_or_default();
        Self {
            chars: text.chars().count(),
            text,
            x0: runs.iter().map(|run| run.x0).fold(f64::INFINITY, f64::min),
            x1: runs.iter().map(|run| run.x1).fold(f64::NEG_INFINITY, f64::max),
            base: most(&runs, |run| run.base),
            size: most(&runs, |run| run.size),
            bold: runs.iter().all(|run| run.bold),
            bbox,
            runs,
        }
    }

    fn join(&mut self, other: Self) {
        let mut runs = std::mem::take(&mut self.runs);
        if let Some(last) = runs.last_mut() {
            last.space_after = true;
        }
        runs.extend(other.runs);
        *self = Self::of(runs);
    }
}

/// The pieces of a chunk from left to right with spaces where words end.
fn units(runs: &[Run]) -> Vec<Rc<str>> {
    let space: Rc<str> = " ".into();
    let mut units: Vec<Rc<str>> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        if index > 0 && are_apart(&runs[index - 1], run) {
            units.push(space.clone());
        }
        units.extend(run.units.iter().cloned());
    }
    units
}

fn are_apart(left: &Run, right: &Run) -> bool {
    let size = left.size.min(right.size);
    let gap = right.x0 - left.x1;
    let last = left.units.last().and_then(|unit| unit.chars().last());
    let first = right.units.first().and_then(|unit| unit.chars().next());
    if last.is_some_and(writing::is_ideograph) && first.is_some_and(writing::is_ideograph) {
        return gap > 0.6 * size;
    }
    // Text drawn over other text is a word of its own, not the end of the one below.
    let over = gap < -0.5 * size && left.units.len() > 1 && right.units.len() > 1;
    over || gap > WORD_GAP * size || ((left.space_after || right.space_before) && gap > 0.02 * size)
}
