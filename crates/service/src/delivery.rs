//! Zones in bulk: one body, one transaction, one change.
//!
//! The body is at hand before the transaction begins, so that no slow sender holds the document. It is parsed beside the
//! writing, some thousand zones at a time. A crash leaves nothing: what was not committed was not answered.

mod repeated;
mod writer;

use std::io::BufRead;

use colophon_db::{Scope, Tx};
use colophon_domain::geometry::{Frame, OutsideThePage, Pages};
use colophon_domain::vocabularies::Vocabulary;
use colophon_domain::{DocumentId, Invalid, JobId, ZoneId};
use colophon_formats::given::{self, ReadZone, Reading};
use colophon_formats::items::{self, Items};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{Error, Platform};

pub use writer::Writer;

/// Zones that one request may bring.
pub const MAX_ZONES: usize = 1_000_000;
/// Zones that are written by one statement.
const BATCH: usize = 2_000;
/// Refused zones that are told of, where any refuses the whole.
const TOLD: usize = 100;

/// What is to be done with a body of zones.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The version that they are found on; the current one where none is named.
    pub version: Option<i32>,
    /// The frame of their coordinates.
    pub frame: Frame,
    /// The vocabulary of their types.
    pub vocabulary: Option<Vocabulary>,
    /// What to do with what lies outside its page.
    pub outside: OutsideThePage,
    /// What to do where a zone cannot be taken.
    pub on_error: OnError,
    /// The tool that found them. Where a person names none, they are that person's own word.
    pub tool: Option<String>,
    /// The model that the tool used.
    pub model: Option<String>,
    /// The job that found them.
    pub job_id: Option<JobId>,
    /// Why, in the caller's words.
    pub reason: Option<String>,
    /// What makes a repeated delivery harmless.
    pub once: Option<Once>,
}

/// A delivery that may be sent again, where its answer did not come through.
#[derive(Debug, Clone)]
pub struct Once {
    /// The sender's idempotency key.
    pub key: String,
    /// The request: another one under the same key is refused.
    pub request: String,
}

/// What to do where a zone cannot be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// Store none.
    #[default]
    Refuse,
    /// Store the others.
    Skip,
}

impl std::str::FromStr for OnError {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "skip" => Ok(Self::Skip),
            _ => Err(Invalid::new("on_error", format!("{text:?} is none of refuse, skip"))),
        }
    }
}

/// What became of a body.
#[derive(Debug)]
pub struct Delivered {
    /// The change; absent where all was so already, and none was made.
    pub revision: Option<i64>,
    /// The version that the zones belong to.
    pub version: i32,
    /// Each item, in the order of the body.
    pub items: Vec<Item>,
    /// How many there were of each.
    pub counts: Counts,
    /// It was delivered before, under the same key: what it made is told again. Of more than 10,000 items only the counts
    /// are.
    pub repeated: bool,
}

/// How many zones met which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// New ones.
    pub inserted: usize,
    /// Changed ones.
    pub updated: usize,
    /// Those that were so already.
    pub unchanged: usize,
    /// Those that were not taken.
    pub refused: usize,
    /// Those of which something was cut off at the edge of the page.
    pub clamped: usize,
    /// Those of which a person's word stands against the tool's.
    pub kept_human: usize,
}

/// What became of an item of the body.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its place in the reading order; absent where it was refused before it had one.
    pub zone_index: Option<i32>,
    /// The zone; absent where it was refused.
    pub id: Option<ZoneId>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether something was cut off at the edge of the page.
    pub clamped: bool,
    /// Fields that are a person's and stayed.
    pub kept_human: Box<[String]>,
}

/// How an item ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is a new zone.
    Inserted,
    /// A zone was changed.
    Updated,
    /// The zone is so already.
    Unchanged,
    /// It was not taken, for this reason.
    Refused(Box<str>),
}

/// A refused item, as it is told where any refuses the whole.
#[derive(Debug, Clone)]
pub struct RefusedItem {
    /// Its place in the body, from 0.
    pub index: usize,
    /// Its place in the reading order, where it named one.
    pub zone_index: Option<i32>,
    /// Why.
    pub reason: Box<str>,
}

/// Stores the zones of a body, a JSON array or NDJSON: new ones, and in the place of those that have the same
/// `zone_index`.
///
/// # Errors
/// There is no such document or version, or it may only be read ([`Error::Database`]); [`Error::InTrash`];
/// [`Error::ZonesRefused`] where a zone cannot be taken and none is to be skipped; [`Error::Invalid`] where the body as a
/// whole cannot; [`Error::KeyReused`].
pub async fn deliver<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    options: Options,
    body: impl BufRead + Send + 'static,
) -> Result<Delivered, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let mut writer = Writer::begin(&tx, scope, document, &options).await?;
    // Whoever sent the same at the same time held the document, and has committed.
    if let Some(once) = &options.once
        && let Some(earlier) = repeated::earlier(&tx, scope, once).await?
    {
        drop(writer);
        tx.rollback().await?;
        return Ok(earlier);
    }
    let reading = Reading {
        frame: options.frame,
        vocabulary: options.vocabulary,
        outside: options.outside,
        pages: pages_of(&tx, document, writer.version()).await?,
    };
    let (sender, mut batches) = mpsc::channel(2);
    let parsing = tokio::task::spawn_blocking(move || parse(body, &reading, &sender));
    while let Some(batch) = batches.recv().await {
        writer.write(batch).await?;
        if options.on_error == OnError::Refuse && writer.counts().refused >= TOLD {
            break;
        }
    }
    drop(batches);
    let parsed = parsing.await.map_err(|e| Invalid::new("body", format!("cannot be read: {e}")))?;
    parsed.map_err(|e| Invalid::new("body", e.to_string()))?;
    let delivered = writer.end();
    let refuses = options.on_error == OnError::Refuse && delivered.counts.refused > 0;
    // Taken back, it was no change.
    if refuses || delivered.revision.is_none() {
        tx.rollback().await?;
    } else {
        if let Some(once) = &options.once {
            repeated::keep(&tx, scope, once, document, &delivered).await?;
        }
        tx.commit().await?;
    }
    if refuses {
        return Err(Error::ZonesRefused { items: refused(&delivered.items) });
    }
    Ok(delivered)
}

/// The pages of a version.
///
/// # Errors
/// The database failed.
pub async fn pages_of<S: Scope>(tx: &Tx<S>, document: DocumentId, version: i32) -> Result<Pages, Error> {
    Ok(tx.pages().list(document, version, 0, i64::MAX).await?.iter().collect())
}

fn refused(items: &[Item]) -> Vec<RefusedItem> {
    let refused = items.iter().enumerate().filter_map(|(index, item)| match &item.outcome {
        Outcome::Refused(reason) => {
            Some(RefusedItem { index, zone_index: item.zone_index, reason: reason.clone() })
        }
        _ => None,
    });
    refused.take(TOLD).collect()
}

/// A zone that was read, or why it was not.
pub type Parsed = Result<ReadZone, Invalid>;

fn parse(
    body: impl BufRead,
    reading: &Reading,
    sender: &mpsc::Sender<Vec<Parsed>>,
) -> Result<(), items::Error> {
    let mut items = Items::new(body);
    let mut batch = Vec::with_capacity(BATCH);
    let mut read = 0_usize;
    while let Some((item, line)) = items.next_item()? {
        if read == MAX_ZONES {
            return Err(items::Error::Syntax {
                line,
                reason: "more than 1,000,000 zones; send them in parts",
            });
        }
        read += 1;
        batch.push(given::read(item, reading));
        // Whoever wrote them before has gone: nobody waits for the rest.
        if batch.len() == BATCH && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(());
        }
    }
    let _ = sender.blocking_send(batch);
    Ok(())
}
