//! The strategy `auto`: each page by what suits it.
//!
//! The text layers of all pages are read first, which takes milliseconds a page; the pages that carry no text to rely on are
//! then read by OCR.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;

use colophon_pdf::{PageSelection, TextLayer};
use tracing::Instrument as _;

use super::ocr::{self, Before};
use super::run::Run;
use super::{stage, text_layer};
use crate::Error;

/// More of the characters than this unreadable: the text is not what one sees.
const UNREADABLE: f64 = 0.2;
/// A page of which images cover this much may be a scan,
const SCAN: f64 = 0.5;
/// and is one where it has no more text than a stamp: a page number, a name of an archive.
const STAMP: u32 = 50;
/// Images that cover less than this hold nothing that a page without text would be read for.
const NO_IMAGE: f64 = 0.02;

/// Why a page's text layer will not do; `None` where it will, or where there is nothing else to read.
pub(super) fn why_ocr(layer: TextLayer) -> Option<&'static str> {
    let TextLayer { characters, unreadable, image_share } = layer;
    if characters == 0 {
        (image_share >= NO_IMAGE).then_some("no_text")
    } else if f64::from(unreadable) > UNREADABLE * f64::from(characters) {
        Some("unreadable_text")
    } else {
        (image_share >= SCAN && characters < STAMP).then_some("little_text")
    }
}

/// Why it will do.
fn why_text_layer(layer: TextLayer) -> &'static str {
    if layer.characters == 0 { "nothing_to_read" } else { "text" }
}

pub(super) async fn read(run: &mut Run<'_>, file: File) -> Result<(), Error> {
    let again = file.try_clone().map_err(colophon_pdf::Error::Io)?;
    let before = text_layers(run, file).instrument(stage("read")).await?;
    if before.is_empty() {
        return Ok(());
    }
    let wanting: BTreeSet<u32> = before.keys().copied().collect();
    // What was found so far can be seen while the rest takes its time.
    run.store().await?;
    let installed = match ocr::installed(run).await {
        Ok(installed) => installed,
        Err(error) => {
            let (code, reason) = (ocr::code(&error)?, error.to_string());
            for page in wanting {
                let before = before.get(&page).copied().unwrap_or_default();
                run.take(ocr::missing(page, before, code, &reason)).await?;
            }
            return Ok(());
        }
    };
    let selection = PageSelection::List(wanting.into_iter().collect());
    ocr::pages(run, again, selection, &installed, &before).await
}

/// Takes the pages whose text layer will do. Gives the others.
async fn text_layers(run: &mut Run<'_>, file: File) -> Result<HashMap<u32, Before>, Error> {
    let (child, limits) = (&run.platform.pdf, &run.platform.pdf_limits);
    let mut reader = colophon_pdf::read_text(child, file, limits, run.selection()).await?;
    let mut wanting = HashMap::new();
    while let Some(page) = reader.next().await? {
        if let Some(why) = why_ocr(page.layer).filter(|_| page.outcome.is_ok()) {
            wanting.insert(page.page_number, Before { why: Some(why), read: page.duration });
        } else {
            let why = page.outcome.is_ok().then(|| why_text_layer(page.layer));
            run.take(text_layer::found(page, why)).await?;
        }
    }
    Ok(wanting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_without_text_to_rely_on_are_read_by_ocr() {
        let why =
            |characters, unreadable, image_share| why_ocr(TextLayer { characters, unreadable, image_share });
        assert_eq!(why(2_000, 0, 0.0), None);
        assert_eq!(why(2_000, 3, 1.0), None, "a scan with the text of an OCR beneath");
        assert_eq!(why(0, 0, 1.0), Some("no_text"));
        assert_eq!(why(0, 0, 0.0), None, "an empty page");
        assert_eq!(why(1_000, 900, 0.0), Some("unreadable_text"));
        assert_eq!(why(12, 0, 0.9), Some("little_text"), "a stamp on a scan");
        assert_eq!(why(12, 0, 0.1), None, "a title page with a logo");
    }
}
