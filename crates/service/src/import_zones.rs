//! Zones come into a document from a file of another program.
//!
//! The file is read on a thread of its own, its zones wait in a table, and at its end they become the document's in one
//! statement: one transaction, one change of kind `import`. A crash, a damaged file or a lost connection leaves nothing.
//! What is in memory are two batches. The document is locked only while the zones are taken over, not while the file is
//! read.

mod orders;

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom, Write as _};

use bytes::Bytes;
use colophon_db::Scope;
use colophon_db::imported_zones::{Finder, Waiting};
use colophon_domain::{ChangeKind, DocumentId, Invalid, NewChange, Page, ReadingOrder, Vocabulary};
use colophon_formats::import::{
    self, Converter, Event, Format, ImportError, ImportReport, Level, OnInvalid, Options, PreparedZone,
    RemarkKind,
};
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{Error, Platform};

/// Zones of a batch at most,
const BATCH_ZONES: usize = 1_000;
/// and about so many bytes of text and metadata.
const BATCH_BYTES: usize = 4 << 20;
/// What a format is known by.
const START: u64 = 64 << 10;

/// How a file is to be taken.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// What it is; by its content where that is not said.
    pub format: Option<Format>,
    /// The deepest level that becomes zones; regions and lines unless said.
    pub levels: Option<Level>,
    /// The page that the file's first page is (PAGE-XML, ALTO, COCO); 1 unless said.
    pub first_page: Option<i32>,
    /// What labels mean, where the format does not say.
    pub vocabulary: Option<Vocabulary>,
    /// What becomes of geometry that is none.
    pub on_invalid: OnInvalid,
    /// Whose findings they are; the format's name unless said. The same tool's zones are found again by it.
    pub tool: Option<String>,
    /// The model that the tool used.
    pub model: Option<String>,
    /// Why, for the document's history.
    pub reason: Option<String>,
}

/// What came of a file.
#[derive(Debug, Clone)]
pub struct Imported {
    /// The change that it was; `None` where the file had no zone to take.
    pub revision: Option<i64>,
    /// New zones.
    pub inserted: i64,
    /// Zones of an import before that are other now.
    pub updated: i64,
    /// Zones of an import before that are as they were.
    pub unchanged: i64,
    /// What was read, and what could not be represented.
    pub report: ImportReport,
}

/// Takes the zones of a file into a document's current version.
///
/// # Errors
/// There is no such document, or it may only be read ([`Error::Database`]); [`Error::InTrash`]; [`Error::Invalid`] for what
/// was asked; [`Error::Import`] for a file that cannot be read to its end. Nothing is stored then.
pub async fn run<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    mut file: File,
    request: Request,
) -> Result<Imported, Error> {
    let change = change_of(&request)?;
    let (version, pages) = editable(platform, scope, document).await?;
    let format = if let Some(format) = request.format {
        format
    } else {
        let mut start = Vec::new();
        (&mut file).take(START).read_to_end(&mut start).map_err(ImportError::from)?;
        import::detect(&start)?
    };
    let tool = request.tool.clone().unwrap_or_else(|| format.as_str().to_owned());

    let tx = platform.database.session(scope).begin().await?;
    let (sender, mut batches) = mpsc::channel::<Batch>(1);
    let reading = {
        let request = request.clone();
        tokio::task::spawn_blocking(move || read(file, format, &request, &pages, &sender))
    };
    let mut first = 0;
    let mut orders = Vec::new();
    while let Some(batch) = batches.recv().await {
        if !batch.zones.is_empty() {
            tx.imported_zones().stage(first, &batch.zones).await?;
            first += i64::try_from(batch.zones.len()).unwrap_or(0);
        }
        orders.extend(batch.orders);
    }
    let (mut report, read) =
        reading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    read?;
    if first == 0 {
        for order in &orders {
            report.remark(RemarkKind::ReadingOrderDropped, &order.name);
        }
        return Ok(Imported { revision: None, inserted: 0, updated: 0, unchanged: 0, report });
    }

    let change = NewChange { processing_tool: Some(tool.clone()), ..change };
    let revision = tx.changes().begin(document, &change).await?;
    let finder = Finder { tool: &tool, model: request.model.as_deref() };
    let taken = tx.imported_zones().take(document, version, revision, finder).await?;
    for key in &taken.ids_taken {
        report.refuse(RemarkKind::IdTaken, key);
    }
    for key in &taken.deleted_by_person {
        report.refuse(RemarkKind::DeletedByPerson, key);
    }
    for key in &taken.parents_unknown {
        report.remark(RemarkKind::ParentUnknown, key);
    }
    let page = orders::page_of(format, request.first_page);
    let orders = orders::resolve(&tx, orders, page, &mut report).await?;
    // What changed no zone is no change; the orders may be other all the same.
    if taken.inserted + taken.updated == 0 {
        drop(tx);
        if !orders.is_empty() {
            let tx = platform.database.session(scope).begin().await?;
            tx.documents().lock_to_edit(document).await?;
            orders::put(&tx, document, version, &orders).await?;
            tx.commit().await?;
        }
        return Ok(Imported { revision: None, inserted: 0, updated: 0, unchanged: taken.unchanged, report });
    }
    orders::put(&tx, document, version, &orders).await?;
    tx.imported_zones().clear().await?;
    tx.commit().await?;
    Ok(Imported {
        revision: Some(revision),
        inserted: taken.inserted,
        updated: taken.updated,
        unchanged: taken.unchanged,
        report,
    })
}

/// Puts a body into a file that has no name and goes with its last handle.
///
/// # Errors
/// [`Error::TooLarge`] beyond `limit`; [`Error::Interrupted`] where the sender breaks off; the disk's own.
pub async fn spool<B, E>(mut body: B, limit: u64) -> Result<File, Error>
where
    B: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let mut file = tempfile::tempfile().map_err(ImportError::from)?;
    let mut length = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| Error::Interrupted { reason: error.to_string() })?;
        length += piece.len() as u64;
        if length > limit {
            return Err(Error::TooLarge { limit });
        }
        file = tokio::task::spawn_blocking(move || file.write_all(&piece).map(|()| file))
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
            .map_err(ImportError::from)?;
    }
    file.rewind().map_err(ImportError::from)?;
    Ok(file)
}

fn change_of(request: &Request) -> Result<NewChange, Error> {
    let name = |field: &'static str, name: &Option<String>| match name {
        Some(name) if !(1..=100).contains(&name.chars().count()) || name.contains('\0') => {
            Err(Invalid::new(field, "must have 1 to 100 characters"))
        }
        _ => Ok(()),
    };
    name("tool", &request.tool)?;
    name("model", &request.model)?;
    if request.first_page.is_some_and(|page| !(1..=100_000).contains(&page)) {
        return Err(Invalid::new("page", "must be from 1 to 100,000").into());
    }
    if let Some(reason) = &request.reason
        && (!(1..=1_000).contains(&reason.chars().count()) || reason.contains('\0'))
    {
        return Err(Invalid::new("reason", "must have 1 to 1,000 characters").into());
    }
    Ok(NewChange {
        reason: request.reason.clone(),
        processing_model: request.model.clone(),
        ..NewChange::of(ChangeKind::Import)
    })
}

/// The document's current version and its pages. Whoever may not edit it is refused before a zone is read.
async fn editable<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
) -> Result<(i32, Vec<Page>), Error> {
    let tx = platform.database.session(scope).begin().await?;
    tx.documents().lock_to_edit(document).await?;
    let found = tx.documents().require(document).await?;
    if found.deleted_at.is_some() {
        return Err(Error::InTrash { document });
    }
    let pages = tx.pages().list(document, found.version, 0, i64::MAX).await?;
    tx.commit().await?;
    Ok((found.version, pages))
}

/// Some of a file's zones.
#[derive(Default)]
struct Batch {
    zones: Vec<Waiting>,
    orders: Vec<ReadingOrder<String>>,
    bytes: usize,
}

/// Reads a file to its end, batch by batch.
fn read(
    mut file: File,
    format: Format,
    request: &Request,
    pages: &[Page],
    sender: &mpsc::Sender<Batch>,
) -> (ImportReport, Result<(), ImportError>) {
    let mut report = ImportReport::default();
    let defaults = Options::default();
    let options = Options {
        levels: request.levels.unwrap_or(defaults.levels),
        first_page: request.first_page.unwrap_or(defaults.first_page),
        vocabulary: request.vocabulary,
        ..defaults
    };
    let mut converter = Converter::new(format, pages, request.on_invalid);
    let mut batch = Batch::default();
    let send =
        |batch: &mut Batch| sender.blocking_send(std::mem::take(batch)).map_err(|_| ImportError::Stopped);
    let mut sink = |event: Event, report: &mut ImportReport| {
        match event {
            Event::Page(page) => converter.page(page, report),
            Event::ReadingOrder(order) => batch.orders.push(order),
            Event::Zone(zone) => {
                if let Some(prepared) = converter.zone(*zone, report) {
                    batch.bytes += weight_of(&prepared);
                    batch.zones.push(waiting(prepared));
                }
            }
        }
        if batch.zones.len() >= BATCH_ZONES || batch.bytes >= BATCH_BYTES { send(&mut batch) } else { Ok(()) }
    };
    let read = file.seek(SeekFrom::Start(0)).map_err(ImportError::from).and_then(|_| {
        let input = BufReader::with_capacity(256 << 10, &mut file);
        import::read(input, format, &options, &mut report, &mut sink)
    });
    let read = read.and_then(|()| send(&mut batch));
    (report, read)
}

fn waiting(prepared: PreparedZone) -> Waiting {
    let PreparedZone { zone, key, parent, order, id_given } = prepared;
    Waiting { zone, key, parent, order, id_given }
}

fn weight_of(prepared: &PreparedZone) -> usize {
    let zone = &prepared.zone;
    let metadata: usize = zone.metadata.iter().map(|(name, value)| name.len() + weight(value)).sum();
    let points = zone.coordinates.as_ref().and_then(|c| c.polygon.as_ref()).map_or(0, Vec::len);
    zone.content.as_ref().map_or(0, String::len) + metadata + points * 80 + 500
}

fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + 2,
        Value::Object(members) => {
            members.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>() + 2
        }
        _ => 8,
    }
}
