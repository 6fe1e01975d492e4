//! Reading order: cut the page along its white space, columns first where they reach from top to bottom.

use std::cmp::Ordering;

use kurbo::Rect;

use super::blocks::{Block, Matter};
use super::frame::Direction;

/// Narrower than this many points is no gutter.
const GUTTER: f64 = 5.0;
/// Pages of more blocks than this are ordered by place alone; cutting them would take too long.
const MAX_BLOCKS: usize = 3000;

/// Sorts the blocks as they are read.
pub(super) fn reading_order(blocks: Vec<Block>, page: Rect) -> Vec<Block> {
    let turn = main_direction(&blocks);
    let background = |block: &Block| block.matter == Matter::Picture && block.bbox.area() > 0.5 * page.area();
    let (mut ordered, rest): (Vec<Block>, Vec<Block>) = blocks.into_iter().partition(background);
    let mut items: Vec<(Rect, usize)> =
        rest.iter().enumerate().map(|(index, block)| (shrunk(turn.turn_rect(block.bbox)), index)).collect();
    if items.len() > MAX_BLOCKS {
        items.sort_by(by_place);
    } else {
        items = cut(items, 0);
    }
    let mut rest: Vec<Option<Block>> = rest.into_iter().map(Some).collect();
    ordered.extend(items.into_iter().filter_map(|(_, index)| rest[index].take()));
    ordered
}

/// The straight direction in which most characters run.
fn main_direction(blocks: &[Block]) -> Direction {
    let mut counts: Vec<(Direction, usize)> = Vec::new();
    for block in blocks.iter().filter(|block| block.direction.is_straight()) {
        match counts.iter_mut().find(|(direction, _)| *direction == block.direction) {
            Some((_, count)) => *count += block.chars(),
            None => counts.push((block.direction, block.chars())),
        }
    }
    let upright = Direction::of(kurbo::Vec2::new(1.0, 0.0));
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(upright, |(direction, _)| direction)
}

/// Boxes of lines reach a little above and below their letters; without that, neighbours do not touch.
fn shrunk(rect: Rect) -> Rect {
    let (dx, dy) = ((rect.width() * 0.02).min(1.0), (rect.height() * 0.15).min(2.0));
    Rect::new(rect.x0 + dx, rect.y0 + dy, rect.x1 - dx, rect.y1 - dy)
}

type Items = Vec<(Rect, usize)>;

fn by_place(a: &(Rect, usize), b: &(Rect, usize)) -> Ordering {
    (a.0.y0, a.0.x0).partial_cmp(&(b.0.y0, b.0.x0)).unwrap_or(Ordering::Equal)
}

fn cut(mut items: Items, depth: usize) -> Items {
    if items.len() < 2 || depth > 200 {
        items.sort_by(by_place);
        return items;
    }
    let columns = split(&items, |rect| (rect.x0, rect.x1), GUTTER);
    if columns.len() > 1 {
        return columns.into_iter().flat_map(|column| cut(column, depth + 1)).collect();
    }
    let bands = split(&items, |rect| (rect.y0, rect.y1), 0.0);
    if bands.len() < 2 {
        items.sort_by(by_place);
        return items;
    }
    // Bands that together still leave a gutter are read column by column; a band that spans it ends them.
    let mut ordered = Items::new();
    let mut together = Items::new();
    for band in bands {
        let mut with = together.clone();
        with.extend(band.iter().copied());
        if !together.is_empty() && split(&with, |rect| (rect.x0, rect.x1), GUTTER).len() < 2 {
            ordered.extend(cut_group(std::mem::take(&mut together), depth));
            with = band;
        }
        together = with;
    }
    ordered.extend(cut_group(together, depth));
    ordered
}

/// A group of bands: columns if a gutter runs through all of them, else one band.
fn cut_group(items: Items, depth: usize) -> Items {
    let columns = split(&items, |rect| (rect.x0, rect.x1), GUTTER);
    if columns.len() > 1 {
        return columns.into_iter().flat_map(|column| cut(column, depth + 1)).collect();
    }
    let mut items = items;
    items.sort_by(by_place);
    items
}

/// Parts items where nothing stands for at least this width along one axis.
fn split(items: &Items, along: impl Fn(&Rect) -> (f64, f64), least: f64) -> Vec<Items> {
    let mut sorted = items.clone();
    sorted.sort_by(|a, b| along(&a.0).0.total_cmp(&along(&b.0).0));
    let mut parts: Vec<Items> = Vec::new();
    let mut reach = f64::NEG_INFINITY;
    for item in sorted {
        let (from, to) = along(&item.0);
        match parts.last_mut() {
            Some(part) if from < reach + least => part.push(item),
            _ => parts.push(vec![item]),
        }
        reach = reach.max(to);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(rects: &[Rect]) -> Vec<usize> {
        cut(rects.iter().copied().zip(0..).collect(), 0).into_iter().map(|(_, index)| index).collect()
    }

    #[test]
    fn columns_are_read_one_after_the_other_below_a_heading_across() {
        let page = [
            Rect::new(320.0, 100.0, 550.0, 400.0),
            Rect::new(50.0, 30.0, 550.0, 60.0),
            Rect::new(50.0, 100.0, 290.0, 240.0),
            Rect::new(50.0, 260.0, 290.0, 400.0),
            Rect::new(50.0, 450.0, 550.0, 500.0),
        ];
        assert_eq!(order(&page), [1, 2, 3, 0, 4]);
    }

    #[test]
    fn columns_with_aligned_paragraphs_are_not_read_across() {
        let page = [
            Rect::new(50.0, 0.0, 250.0, 90.0),
            Rect::new(300.0, 0.0, 500.0, 90.0),
            Rect::new(50.0, 110.0, 250.0, 200.0),
            Rect::new(300.0, 110.0, 500.0, 200.0),
        ];
        assert_eq!(order(&page), [0, 2, 1, 3]);
    }

    #[test]
    fn boxes_that_overlap_are_read_from_the_top() {
        let page = [Rect::new(0.0, 50.0, 100.0, 120.0), Rect::new(10.0, 0.0, 90.0, 60.0)];
        assert_eq!(order(&page), [1, 0]);
    }
}
