//! Blocks: lines that follow each other closely in one column and one style.

use kurbo::Rect;

use super::frame::Direction;
use super::kinds::{is_bullet, is_marker, marker};
use super::rows::{Chunk, Row};

/// Lines further apart than this part of the size are not one paragraph...
const CLOSE: f64 = 1.8;
/// ...unless the lines above are as far apart, up to this.
const SPACED: f64 = 2.6;
/// How much further than those above a line may be.
const STEADY: f64 = 1.25;

/// One line of a block.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) chars: usize,
    pub(super) size: f64,
    pub(super) bold: bool,
}

/// What a block is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matter {
    Text,
    Table,
    Picture,
}

/// A stretch of the page that belongs together.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) matter: Matter,
    pub(super) bbox: Rect,
    pub(super) direction: Direction,
    pub(super) lines: Vec<Line>,
}

impl Block {
    pub(super) fn table(rows: Vec<Row>, direction: Direction) -> Self {
        let bbox = rows.iter().flat_map(|row| &row.chunks).map(|cell| cell.bbox).reduce(|a, b| a.union(b));
        let lines = rows.into_iter().map(|row| Line {
            text: row.chunks.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join("\t"),
            chars: row.chunks.iter().map(|cell| cell.chars).sum(),
            size: row.size(),
            bold: row.chunks.iter().all(|cell| cell.bold),
        });
        Self { matter: Matter::Table, bbox: bbox.unwrap_or_default(), direction, lines: lines.collect() }
    }

    pub(super) fn picture(bbox: Rect) -> Self {
        let direction = Direction::of(kurbo::Vec2::new(1.0, 0.0));
        Self { matter: Matter::Picture, bbox, direction, lines: Vec::new() }
    }

    fn text(chunks: Vec<Chunk>, direction: Direction) -> Self {
        let bbox = chunks.iter().map(|chunk| chunk.bbox).reduce(|a, b| a.union(b)).unwrap_or_default();
        let line =
            |chunk: Chunk| Line { text: chunk.text, chars: chunk.chars, size: chunk.size, bold: chunk.bold };
        Self { matter: Matter::Text, bbox, direction, lines: chunks.into_iter().map(line).collect() }
    }

    /// The block cut to the page, or nothing if it lies outside.
    pub(super) fn clipped(mut self, page: Rect) -> Option<Self> {
        const LEAST: f64 = 0.1;
        if !self.bbox.overlaps(page) {
            return None;
        }
        let cut = self.bbox.intersect(page);
        // A glyph without width still has a place: give it the least box that lies on the page.
        let x0 = cut.x0.min(page.x1 - LEAST).max(page.x0);
        let y0 = cut.y0.min(page.y1 - LEAST).max(page.y0);
        self.bbox =
            Rect::new(x0, y0, cut.x1.max(x0 + LEAST).min(page.x1), cut.y1.max(y0 + LEAST).min(page.y1));
        Some(self)
    }

    pub(super) fn content(&self) -> String {
        let lines: Vec<&str> =
            self.lines.iter().map(|line| line.text.as_str()).filter(|text| !text.is_empty()).collect();
        lines.join("\n")
    }

    pub(super) fn chars(&self) -> usize {
        self.lines.iter().map(|line| line.chars).sum()
    }

    /// The size of most characters, rounded to a tenth of a point.
    pub(super) fn font_size(&self) -> Option<f64> {
        let line = self.lines.iter().max_by_key(|line| line.chars)?;
        Some((line.size * 10.0).round() / 10.0)
    }

    pub(super) fn is_bold(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|line| line.bold)
    }
}

/// Puts the chunks of all rows into blocks.
pub(super) fn blocks(rows: Vec<Row>, direction: Direction) -> Vec<Block> {
    let mut chains: Vec<Chain> = Vec::new();
    for row in rows {
        let mut open: Vec<usize> = Vec::new();
        let placed: Vec<Option<usize>> =
            (0..row.chunks.len()).map(|index| parent(&chains, &row, index)).collect();
        for (chunk, place) in row.chunks.into_iter().zip(placed) {
            match place {
                Some(chain) if !open.contains(&chain) => {
                    open.push(chain);
                    chains[chain].push(chunk);
                }
                _ => chains.push(Chain { chunks: vec![chunk], step: None }),
            }
        }
    }
    let paragraphs = chains.into_iter().flat_map(|chain| paragraphs(chain.chunks));
    paragraphs.map(|chunks| Block::text(chunks, direction)).collect()
}

/// Lines that follow each other, and how far apart they are.
struct Chain {
    chunks: Vec<Chunk>,
    step: Option<f64>,
}

impl Chain {
    fn push(&mut self, chunk: Chunk) {
        if let Some(last) = self.chunks.last() {
            self.step = Some(chunk.base - last.base);
        }
        self.chunks.push(chunk);
    }

    /// Whether this chunk can be the next line.
    fn takes(&self, chunk: &Chunk) -> bool {
        let Some(last) = self.chunks.last() else { return false };
        let size = last.size.max(chunk.size);
        let step = chunk.base - last.base;
        let overlap = last.x1.min(chunk.x1) - last.x0.max(chunk.x0);
        let close = match self.step {
            None => step <= CLOSE * size,
            Some(usual) => step <= SPACED * size && step <= (STEADY * usual).max(1.0),
        };
        close
            && step > 0.3 * size
            && overlap > 0.0
            && last.size.min(chunk.size) > 0.86 * size
            && last.bold == chunk.bold
    }
}

/// The chain that a chunk of a row continues: the nearest above that it overlaps, unless a gutter begins or ends there.
fn parent(chains: &[Chain], row: &Row, index: usize) -> Option<usize> {
    let chunk = &row.chunks[index];
    let recent = chains.len().saturating_sub(200);
    let over = |chain: &Chain, chunk: &Chunk| {
        chain.chunks.last().is_some_and(|last| last.x0 < chunk.x1 && last.x1 > chunk.x0)
    };
    let mut candidates: Vec<usize> =
        (recent..chains.len()).filter(|chain| chains[*chain].takes(chunk)).collect();
    candidates.sort_by(|a, b| last_base(&chains[*b]).total_cmp(&last_base(&chains[*a])));
    let best = *candidates.first()?;
    let beside = candidates.iter().any(|other| {
        *other != best && (last_base(&chains[*other]) - last_base(&chains[best])).abs() < 0.3 * chunk.size
    });
    let siblings = row.chunks.iter().enumerate().filter(|(other, _)| *other != index);
    let shared = siblings.map(|(_, sibling)| sibling).any(|sibling| over(&chains[best], sibling));
    (!beside && !shared).then_some(best)
}

fn last_base(chain: &Chain) -> f64 {
    chain.chunks.last().map_or(f64::NEG_INFINITY, |last| last.base)
}

/// Splits a chain where a new item or an indented line begins.
fn paragraphs(chunks: Vec<Chunk>) -> Vec<Vec<Chunk>> {
    let numbered = chunks.first().is_some_and(|first| marker(&first.text).is_some());
    let begins: Vec<bool> = (0..chunks.len()).map(|index| begins(&chunks, index, numbered)).collect();
    let mut paragraphs: Vec<Vec<Chunk>> = Vec::new();
    for (chunk, begins) in chunks.into_iter().zip(begins) {
        match paragraphs.last_mut() {
            Some(paragraph) if !begins => paragraph.push(chunk),
            _ => paragraphs.push(vec![chunk]),
        }
    }
    paragraphs
}

fn begins(chunks: &[Chunk], index: usize, numbered: bool) -> bool {
    let chunk = &chunks[index];
    if index == 0 || is_bullet(&chunk.text) {
        return true;
    }
    let first = &chunks[0];
    if numbered && marker(&chunk.text).is_some() && chunk.x0 <= first.x0 + 0.5 * chunk.size {
        return true;
    }
    let (before, after) = (&chunks[index - 1], chunks.get(index + 1));
    let indent = chunk.x0 - before.x0;
    let returns = after.is_some_and(|after| (after.x0 - before.x0).abs() < 0.3 * chunk.size);
    (0.8 * chunk.size..4.0 * chunk.size).contains(&indent) && returns && !is_marker(&before.text)
}
