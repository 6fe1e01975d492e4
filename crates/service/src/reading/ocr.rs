//! The strategy `ocr`: what tesseract reads on the pages as they look becomes zones.
//!
//! One page at a time: while tesseract reads a page, the child draws the next.

use std::collections::HashMap;
use std::fs::File;
use std::time::{Duration, Instant};

use colophon_domain::{ErrorClass, Strategy};
use colophon_ocr::{Installed, PageFailure, Picture, Recognised};
use colophon_pdf::{Drawing, Image, ImageReader, PageImage, PageSelection};
use tracing::Instrument as _;

use super::found::{Failed, Found, Stages, millis, of_ocr};
use super::run::Run;
use super::stage;
use crate::Error;

/// What is known of a page from before it is drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Before {
    /// Why it is read by OCR, where there was a choice.
    pub(super) why: Option<&'static str>,
    /// How long it took to find out.
    pub(super) read: Duration,
}

pub(super) async fn read(run: &mut Run<'_>, file: File) -> Result<(), Error> {
    let installed = installed(run).await?;
    let selection = run.selection();
    pages(run, file, selection, &installed, &HashMap::new()).await
}

/// What is installed, if that is all that the job asks for.
pub(super) async fn installed(run: &Run<'_>) -> Result<Installed, colophon_ocr::Error> {
    let installed = run.platform.tesseract.installed().await?;
    installed.require(&run.options.tesseract)?;
    Ok(installed)
}

/// Reads these pages.
pub(super) async fn pages(
    run: &mut Run<'_>,
    file: File,
    selection: PageSelection,
    installed: &Installed,
    before: &HashMap<u32, Before>,
) -> Result<(), Error> {
    let mut reader = draw(run, file, selection, installed).await?;
    while let Some(page) = next(&mut reader).await? {
        let before = before.get(&page.page_number).copied().unwrap_or_default();
        let found = found(run, page, installed, before).await?;
        run.take(found).await?;
    }
    Ok(())
}

/// Begins to draw these pages for this tesseract, which is the run's model from now on.
pub(super) async fn draw(
    run: &mut Run<'_>,
    file: File,
    selection: PageSelection,
    installed: &Installed,
) -> Result<ImageReader, Error> {
    run.model =
        Some(format!("tesseract {}/{}", installed.version, run.options.tesseract.language_argument()));
    let drawing = Drawing { dpi: run.options.dpi, ..Drawing::default() };
    let (child, limits) = (&run.platform.pdf, &run.platform.pdf_limits);
    Ok(colophon_pdf::draw_pages(child, file, limits, selection, drawing).await?)
}

/// The next picture. The span lasts as long as it was waited for; the child draws ahead.
pub(super) async fn next(reader: &mut ImageReader) -> Result<Option<PageImage>, Error> {
    let span = stage("render");
    let page = reader.next().instrument(span.clone()).await?;
    if let Some(page) = &page {
        span.record("colophon.page.number", i64::from(page.page_number));
        span.record("colophon.stage.duration_ms", millis(page.duration));
    }
    Ok(page)
}

/// Has tesseract read a picture.
pub(super) async fn recognise(
    run: &Run<'_>,
    picture: Picture<'_>,
    page_number: u32,
    installed: &Installed,
) -> Result<Result<Recognised, PageFailure>, colophon_ocr::Error> {
    let span = stage("recognise");
    span.record("colophon.page.number", i64::from(page_number));
    run.platform.tesseract.recognise(picture, &run.options.tesseract, installed).instrument(span).await
}

async fn found(
    run: &Run<'_>,
    page: PageImage,
    installed: &Installed,
    before: Before,
) -> Result<Found, colophon_ocr::Error> {
    let PageImage { page_number, outcome, duration } = page;
    let mut stages = Stages { read: before.read, render: duration, ..Stages::default() };
    let outcome = match outcome {
        Err(failure) => Err(failure.into()),
        Ok(image) => {
            let started = Instant::now();
            let read = recognise(run, picture(&image), page_number, installed).await?;
            stages.recognise = started.elapsed();
            let language = match run.options.tesseract.languages.as_slice() {
                [language] => Some(language.as_str()),
                _ => None,
            };
            read.map(|read| of_ocr(&read, &image, page_number, language)).map_err(Into::into)
        }
    };
    Ok(Found { page_number, tool: Strategy::Ocr, why: before.why, outcome, stages })
}

fn picture(image: &Image) -> Picture<'_> {
    Picture { width: image.width, height: image.height, dpi: image.dpi, pixels: &image.pixels }
}

/// A page that cannot be read since something is not installed.
pub(super) fn missing(page_number: u32, before: Before, code: &str, reason: &str) -> Found {
    Found {
        page_number,
        tool: Strategy::Ocr,
        why: before.why,
        outcome: Err(Failed {
            class: ErrorClass::Permanent,
            code: code.to_owned(),
            reason: reason.to_owned(),
        }),
        stages: Stages { read: before.read, ..Stages::default() },
    }
}

/// The stable name of what is not installed. Anything else may go better next time.
pub(super) fn code(error: &colophon_ocr::Error) -> Result<&'static str, Error> {
    match error {
        colophon_ocr::Error::Missing { .. } => Ok("tool_missing"),
        colophon_ocr::Error::LanguageMissing { .. } => Ok("language_missing"),
        colophon_ocr::Error::Io(error) => {
            Err(Error::Ocr(colophon_ocr::Error::Io(std::io::Error::new(error.kind(), error.to_string()))))
        }
    }
}
