//! Opening a document: is it a PDF, does it need a password, is it damaged, what are its pages. Runs in the child.

mod damage;
mod encryption;
mod geometry;
mod header;
mod pages;
mod strings;

use std::io::{self, Write};

use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};

pub use header::looks_like_pdf;
pub(crate) use pages::{PageNode, PageTree};
pub(crate) use strings::text_string;

use crate::child::Answer;
use crate::protocol::{Message, Request, Task};
use crate::types::{FailureCode, Inspection, Outcome, Page};

/// Pages in one message, so that no line grows with the document.
const PAGES_PER_MESSAGE: usize = 500;

/// Says what the document is.
pub(crate) fn inspect(bytes: Vec<u8>, max_pages: u32, out: &mut Answer<impl Write>) -> io::Result<()> {
    let mut inspection = preliminary(&bytes);
    let mut pages = Vec::new();
    match open(bytes, &mut inspection) {
        Err(outcome) => inspection.outcome = outcome,
        Ok(pdf) => match PageTree::walk(&pdf, max_pages) {
            Err(reason) => inspection.outcome = Outcome::Damaged { reason },
            Ok(tree) => {
                inspection.repairs.extend(tree.repair);
                pages = (1..).zip(&tree.pages).map(|(number, node)| node.page(number)).collect();
            }
        },
    }
    inspection.repaired = inspection.outcome == Outcome::Readable && !inspection.repairs.is_empty();
    inspection.page_count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    out.say(&Message::Head(Box::new(inspection)))?;
    let mut pages = pages.into_iter().peekable();
    while pages.peek().is_some() {
        let some: Vec<Page> = pages.by_ref().take(PAGES_PER_MESSAGE).collect();
        out.say(&Message::Pages(some))?;
    }
    out.say(&Message::End)
}

/// Opens a document whose pages are wanted, or says why that is not possible.
pub(crate) fn open_for_text(bytes: Vec<u8>) -> Result<Pdf, (FailureCode, String)> {
    let mut inspection = preliminary(&bytes);
    open(bytes, &mut inspection).map_err(|outcome| match outcome {
        Outcome::PasswordRequired => (FailureCode::PasswordRequired, "the document needs a password".into()),
        Outcome::Damaged { reason } | Outcome::NotPdf { reason } => (FailureCode::Damaged, reason),
        Outcome::Readable => (FailureCode::Damaged, "the document could not be opened".into()),
    })
}

/// The answer for a document that does not fit into memory.
pub(crate) fn too_large(request: &Request, reason: &str, out: &mut Answer<impl Write>) -> io::Result<()> {
    let reason = reason.to_owned();
    match request.task {
        Task::Inspect => {
            let inspection = Inspection::without_pages(Outcome::Damaged { reason });
            out.say_now(&Message::Head(Box::new(inspection)))?;
            out.say_now(&Message::End)
        }
        Task::Text { .. } | Task::Draw { .. } => {
            out.say_now(&Message::Refused { code: FailureCode::OutOfMemory, reason })
        }
    }
}

/// What the bytes alone tell.
fn preliminary(bytes: &[u8]) -> Inspection {
    let mut inspection = Inspection::without_pages(Outcome::Readable);
    if let Some(reason) = header::why_not_pdf(bytes) {
        inspection.outcome = Outcome::NotPdf { reason };
        return inspection;
    }
    let structure = damage::examine(bytes);
    inspection.pdf_version = header::version(bytes);
    inspection.encryption = encryption::find(bytes, structure.trailer.as_ref());
    inspection.repairs = structure.repairs;
    inspection.warnings = structure.warnings;
    inspection
}

fn open(bytes: Vec<u8>, inspection: &mut Inspection) -> Result<Pdf, Outcome> {
    if inspection.outcome != Outcome::Readable {
        return Err(inspection.outcome.clone());
    }
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            if let Some(encryption) = &mut inspection.encryption {
                encryption.needs_password = true;
            }
            Outcome::PasswordRequired
        }
        LoadPdfError::Decryption(error) => Outcome::Damaged { reason: encryption::unreadable(error) },
        LoadPdfError::Invalid => Outcome::Damaged {
            reason: "neither a cross-reference table nor a catalog of pages could be found in it".into(),
        },
    })?;
    if let Some(version) = header::catalog_version(&pdf) {
        inspection.pdf_version = Some(version);
    }
    inspection.title = pdf.metadata().title.as_deref().and_then(strings::text);
    Ok(pdf)
}
