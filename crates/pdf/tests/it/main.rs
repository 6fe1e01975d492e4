//! Promises of `colophon-pdf`, kept against real children.

#![allow(
    clippy::unwrap_used,
    reason = "all of this is a test; clippy exempts only the test functions themselves"
)]

mod build;
mod corpus;
mod drawing;
mod hostile;
mod inspecting;
mod reading;

use std::fs::File;
use std::io::Write;

use colophon_pdf::{Child, Inspection, Limits, PageSelection, PageText, TextZone};

/// The child of this crate's tests.
fn child() -> Child {
    Child { program: env!("CARGO_BIN_EXE_colophon-pdf-child").into(), args: Vec::new() }
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

async fn inspect(bytes: &[u8]) -> Inspection {
    inspect_within(bytes, &Limits::default()).await
}

async fn inspect_within(bytes: &[u8], limits: &Limits) -> Inspection {
    colophon_pdf::inspect(&child(), file(bytes), limits).await.unwrap()
}

async fn read(bytes: &[u8], pages: PageSelection) -> Vec<PageText> {
    read_within(bytes, pages, &Limits::default()).await
}

async fn read_within(bytes: &[u8], pages: PageSelection, limits: &Limits) -> Vec<PageText> {
    let mut reader = colophon_pdf::read_text(&child(), file(bytes), limits, pages).await.unwrap();
    let mut read = Vec::new();
    while let Some(page) = reader.next().await.unwrap() {
        read.push(page);
    }
    read
}

/// The zones of a document of one page.
async fn zones(bytes: &[u8]) -> Vec<TextZone> {
    let pages = read(bytes, PageSelection::All).await;
    assert_eq!(pages.len(), 1);
    pages.into_iter().next().unwrap().outcome.unwrap()
}

fn contents(zones: &[TextZone]) -> Vec<&str> {
    zones.iter().map(|zone| zone.content.as_str()).collect()
}
