//! From glyphs to zones: runs, rows, blocks, reading order, kinds. Knows no PDF.
//!
//! Each direction of writing is laid out in a frame of its own, turned so that text runs to the right and lines
//! follow downwards; boxes return to the page's frame at the end.

mod blocks;
mod frame;
mod furniture;
mod kinds;
mod layer;
mod order;
mod pictures;
mod rows;
mod runs;
mod tables;
mod writing;

use kurbo::Rect;

use crate::text::Content;
use crate::types::{BBox, TextLayer, TextZone, ZoneType};
use blocks::Block;

/// A page cut into blocks in reading order, their kinds not yet told.
pub(crate) struct Sheet {
    page: Rect,
    blocks: Vec<Block>,
    layer: TextLayer,
}

impl Sheet {
    pub(crate) fn new(content: Content, page: Rect) -> Self {
        let pictures = pictures::find(&content.images, page);
        let layer = layer::of(&content.glyphs, &pictures, page);
        let mut blocks = Vec::new();
        for (direction, runs) in runs::collect(content.glyphs, page) {
            let rules: Vec<Rect> = content.rules.iter().map(|rule| direction.turn_rect(*rule)).collect();
            let rows = rows::rows(runs);
            let (tables, rows) = tables::take(rows, &rules);
            blocks.extend(tables.into_iter().map(|rows| Block::table(rows, direction)));
            blocks.extend(blocks::blocks(rows, direction));
        }
        blocks.extend(pictures.into_iter().map(Block::picture));
        let blocks = blocks.into_iter().filter_map(|block| block.clipped(page)).collect();
        Self { page, blocks: order::reading_order(blocks, page), layer }
    }

    /// What its text is like.
    pub(crate) fn layer(&self) -> TextLayer {
        self.layer
    }
}

/// The zones of a page. Its neighbours tell what is repeated from page to page.
pub(crate) fn zones(sheet: &Sheet, neighbours: &[&Sheet], first: bool) -> Vec<TextZone> {
    let kinds = kinds::tell(sheet, neighbours, first);
    let zone = |(block, zone_type): (&Block, ZoneType)| TextZone {
        zone_type,
        bbox: BBox { x0: block.bbox.x0, y0: block.bbox.y0, x1: block.bbox.x1, y1: block.bbox.y1 },
        content: block.content(),
        rotation: block.direction.quarter(),
        font_size: block.font_size(),
    };
    sheet.blocks.iter().zip(kinds).map(zone).filter(is_something).collect()
}

fn is_something(zone: &TextZone) -> bool {
    zone.zone_type == ZoneType::Picture || !zone.content.is_empty()
}
