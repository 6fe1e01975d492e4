//! The strategy `text-layer`: the text a born-digital PDF carries becomes zones.

use std::fs::File;

use colophon_domain::Strategy;
use colophon_pdf::PageText;
use tracing::Instrument as _;

use super::found::{Found, Stages, of_text_layer};
use super::run::Run;
use super::stage;
use crate::Error;

pub(super) async fn read(run: &mut Run<'_>, file: File) -> Result<(), Error> {
    let read = async {
        let (child, limits) = (&run.platform.pdf, &run.platform.pdf_limits);
        let mut reader = colophon_pdf::read_text(child, file, limits, run.selection()).await?;
        while let Some(page) = reader.next().await? {
            run.take(found(page, None)).await?;
        }
        Ok(())
    };
    read.instrument(stage("read")).await
}

/// A page whose text layer was read.
pub(super) fn found(page: PageText, why: Option<&'static str>) -> Found {
    Found {
        page_number: page.page_number,
        tool: Strategy::TextLayer,
        why,
        outcome: page.outcome.map(|zones| of_text_layer(&zones, page.page_number)).map_err(Into::into),
        stages: Stages { read: page.duration, ..Stages::default() },
    }
}
