//! Streaming the text layer, page by page.

use std::fs::File;

use super::pages::{Found, PageSelection, Reader, Want};
use super::{Child, Error};
use crate::Limits;
use crate::types::{PageText, TextLayer};

/// The text layer of a document as a stream of pages. Dropping it ends the child.
#[derive(Debug)]
pub struct TextReader(Reader);

/// Starts to read the text layer of a document, which [`inspect`](crate::inspect) should have found readable.
///
/// `file` is the document from its first byte, whatever its current offset, and must be a real file: a child that
/// dies is replaced by one that reads it again. The child works ahead only as far as a pipe holds, so a slow consumer
/// slows it down rather than filling memory.
pub async fn read_text(
    child: &Child,
    file: File,
    limits: &Limits,
    pages: PageSelection,
) -> Result<TextReader, Error> {
    Ok(TextReader(Reader::open(child, file, limits, pages, Want::Text).await?))
}

impl TextReader {
    /// The next page, or `None` after the last. A page that cannot be read says why and does not end the stream.
    ///
    /// Cancel safe: dropped before it is done, it loses no page, so it may stand in a `select!` beside a heartbeat.
    pub async fn next(&mut self) -> Result<Option<PageText>, Error> {
        let Some(asked) = self.0.next().await? else { return Ok(None) };
        let (outcome, layer) = match asked.outcome {
            Ok(Found::Text(zones, layer)) => (Ok(zones), layer),
            Ok(Found::Image(_)) => return Err(Error::Protocol { line: "an image".into() }),
            Err(failure) => (Err(failure), TextLayer::default()),
        };
        Ok(Some(PageText { page_number: asked.page_number, outcome, layer, duration: asked.duration }))
    }
}
