//! Streaming pages as they look, one by one.

use std::fs::File;

use super::pages::{Found, PageSelection, Reader, Want};
use super::{Child, Error};
use crate::Limits;
use crate::types::PageImage;

/// How pages are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawing {
    /// Dots per inch of the page as displayed.
    pub dpi: f64,
    /// Pixels that a picture may have; a page that would have more is drawn with fewer dots per inch.
    pub pixels: u64,
}

impl Default for Drawing {
    /// 300 dots per inch, 40 million pixels: A4 at 600, A2 at 300.
    fn default() -> Self {
        Self { dpi: 300.0, pixels: 40_000_000 }
    }
}

/// The pages of a document as they look. Dropping it ends the child.
#[derive(Debug)]
pub struct ImageReader(Reader);

/// Starts to draw pages of a document, which [`inspect`](crate::inspect) should have found readable.
///
/// `file` is as in [`read_text`](crate::read_text). Its pictures are needed, so all of it must fit into the memory limit.
/// The child is at most one page ahead. [`Limits::wall_time`], [`Limits::cpu_time`] and what is written are counted
/// anew every 32 pages.
pub async fn draw_pages(
    child: &Child,
    file: File,
    limits: &Limits,
    pages: PageSelection,
    drawing: Drawing,
) -> Result<ImageReader, Error> {
    Ok(ImageReader(Reader::open(child, file, limits, pages, Want::Image(drawing)).await?))
}

impl ImageReader {
    /// The next page, or `None` after the last. A page that cannot be drawn says why and does not end the stream.
    ///
    /// Not cancel safe: whoever drops it before it is done drops the reader, too.
    pub async fn next(&mut self) -> Result<Option<PageImage>, Error> {
        let Some(asked) = self.0.next().await? else { return Ok(None) };
        let outcome = match asked.outcome {
            Ok(Found::Image(image)) => Ok(image),
            Ok(Found::Text(..)) => return Err(Error::Protocol { line: "text".into() }),
            Err(failure) => Err(failure),
        };
        Ok(Some(PageImage { page_number: asked.page_number, outcome, duration: asked.duration }))
    }
}
