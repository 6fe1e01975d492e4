//! Zones in bulk: one body, one transaction, one change.
//!
//! The body is at hand before the transaction begins, so that no slow sender holds the document. It is parsed beside the
//! writing, some thousand zones at a time. A crash leaves nothing: what was not committed was not answered.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use colophon_db::zones::Delivery;
use colophon_db::{Scope, Tx};
use colophon_domain::geometry::{Frame, OutsideThePage, Pages};
use colophon_domain::vocabularies::Vocabulary;
use colophon_domain::zones::ZONES_PER_PAGE;
use colophon_domain::{ChangeKind, DocumentId, Invalid, JobId, NewChange, NewZone, ZoneId, ZoneStatus};
use colophon_formats::given::{self, ReadZone, Reading};
use colophon_formats::items::{self, Items};
use tokio::sync::mpsc;

use crate::{Error, Platform};

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
}

/// How many zones met which end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
/// whole cannot.
pub async fn deliver<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    options: Options,
    body: impl BufRead + Send + 'static,
) -> Result<Delivered, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let mut writer = Writer::begin(&tx, scope, document, &options).await?;
    let reading = Reading {
        frame: options.frame,
        vocabulary: options.vocabulary,
        outside: options.outside,
        pages: pages_of(&tx, document, writer.delivery.version).await?,
    };
    let (sender, mut batches) = mpsc::channel(2);
    let parsing = tokio::task::spawn_blocking(move || parse(body, &reading, &sender));
    while let Some(batch) = batches.recv().await {
        writer.write(batch).await?;
        if options.on_error == OnError::Refuse && writer.counts.refused >= TOLD {
            break;
        }
    }
    drop(batches);
    let parsed = parsing.await.map_err(|e| Invalid::new("body", format!("cannot be read: {e}")))?;
    parsed.map_err(|e| Invalid::new("body", e.to_string()))?;
    let delivered = writer.end();
    if options.on_error == OnError::Refuse && delivered.counts.refused > 0 {
        return Err(Error::ZonesRefused { items: refused(&delivered.items) });
    }
    // Without a commit there was no change.
    if delivered.revision.is_some() {
        tx.commit().await?;
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

/// Writes zones of one document within a transaction.
pub struct Writer<'t, S> {
    tx: &'t Tx<S>,
    delivery: Delivery,
    /// The last place taken on each page, as far as it was asked for.
    last: HashMap<i32, i32>,
    /// Places that items of this delivery took.
    taken: HashMap<i32, ZoneId>,
    /// The zones of these items.
    zones: HashSet<ZoneId>,
    items: Vec<Item>,
    counts: Counts,
}

impl<'t, S: Scope> Writer<'t, S> {
    /// Opens the change; the document is locked until the transaction ends.
    ///
    /// # Errors
    /// There is no such document or version, or it may only be read, or it is in the trash.
    pub async fn begin(
        tx: &'t Tx<S>,
        scope: &S,
        document: DocumentId,
        options: &Options,
    ) -> Result<Self, Error> {
        let found = tx.documents().require(document).await?;
        if found.deleted_at.is_some() {
            return Err(Error::InTrash { document });
        }
        let version = options.version.unwrap_or(found.version);
        if version != found.version && tx.versions().get(document, version).await?.is_none() {
            return Err(Invalid::new("version", format!("there is no version {version}")).into());
        }
        let own_word = scope.person().is_some() && options.tool.is_none();
        let change = NewChange {
            reason: options.reason.clone(),
            job_id: options.job_id,
            processing_tool: options.tool.clone(),
            processing_model: options.model.clone(),
            ..NewChange::of(if own_word { ChangeKind::Edit } else { ChangeKind::Import })
        };
        let revision = tx.changes().begin(document, &change).await?;
        let delivery = Delivery {
            document,
            version,
            revision,
            processing_tool: options.tool.clone(),
            processing_model: options.model.clone(),
            job_id: options.job_id,
            own_word,
        };
        Ok(Self {
            tx,
            delivery,
            last: HashMap::new(),
            taken: HashMap::new(),
            zones: HashSet::new(),
            items: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// Writes the next zones of the delivery.
    ///
    /// # Errors
    /// The database refused.
    pub async fn write(&mut self, batch: Vec<Parsed>) -> Result<(), Error> {
        let indexed = self.indexed(batch).await?;
        let indexes: Vec<i32> = indexed.iter().flatten().map(|read| read.zone.zone_index).collect();
        let standing =
            self.tx.zones().standing(self.delivery.document, self.delivery.version, &indexes).await?;
        let known = self.known(&indexed).await?;
        let (mut new, mut there) = (Vec::new(), Vec::new());
        let first = self.items.len();
        for read in indexed {
            let item = match read {
                Err((zone_index, reason)) => refused_item(zone_index, reason),
                Ok(read) => {
                    let index = read.zone.zone_index;
                    match self.fitted(read, standing.get(&index), &known) {
                        Err(reason) => refused_item(Some(index), reason),
                        Ok((zone, clamped)) => {
                            self.taken.insert(index, zone.id);
                            self.zones.insert(zone.id);
                            let (id, outcome) = (Some(zone.id), Outcome::Inserted);
                            if standing.contains_key(&index) {
                                there.push(zone)
                            } else {
                                new.push(zone)
                            }
                            Item { zone_index: Some(index), id, outcome, clamped, kept_human: Box::default() }
                        }
                    }
                }
            };
            self.items.push(item);
        }
        if !new.is_empty() {
            self.tx.zones().insert_many(&self.delivery, &new).await?;
        }
        if !there.is_empty() {
            let mut written = self.tx.zones().overwrite(&self.delivery, &there).await?;
            for item in &mut self.items[first..] {
                if let Some(index) = item.zone_index
                    && item.id.is_some()
                    && let Some(overwritten) = written.remove(&index)
                {
                    item.outcome = if overwritten.written { Outcome::Updated } else { Outcome::Unchanged };
                    item.kept_human = overwritten.kept.into();
                }
            }
        }
        self.count(first);
        Ok(())
    }

    /// What became of all.
    pub fn end(self) -> Delivered {
        let written = self.counts.inserted + self.counts.updated > 0;
        Delivered {
            revision: written.then_some(self.delivery.revision),
            version: self.delivery.version,
            items: self.items,
            counts: self.counts,
        }
    }

    fn count(&mut self, first: usize) {
        for item in &self.items[first..] {
            let counter = match item.outcome {
                Outcome::Inserted => &mut self.counts.inserted,
                Outcome::Updated => &mut self.counts.updated,
                Outcome::Unchanged => &mut self.counts.unchanged,
                Outcome::Refused(_) => &mut self.counts.refused,
            };
            *counter += 1;
            self.counts.clamped += usize::from(item.clamped);
            self.counts.kept_human += usize::from(!item.kept_human.is_empty());
        }
    }

    /// Every zone with a place in the reading order: the next one that is free on its page, where it names none.
    async fn indexed(&mut self, batch: Vec<Parsed>) -> Result<Vec<Indexed>, Error> {
        let missing: HashSet<i32> = batch
            .iter()
            .flatten()
            .filter(|read| read.zone_index.is_none() && !self.last.contains_key(&read.zone.page_number))
            .map(|read| read.zone.page_number)
            .collect();
        if !missing.is_empty() {
            let pages: Vec<i32> = missing.into_iter().collect();
            let Delivery { document, version, .. } = self.delivery;
            let last = self.tx.zones().last_indexes(document, version, &pages, ZONES_PER_PAGE).await?;
            for (page, last) in last {
                self.last.insert(page, last.unwrap_or(first_of(page) - 1));
            }
        }
        // What is named in this batch is taken before anything is given away.
        let mut named = HashSet::new();
        for index in batch.iter().flatten().filter_map(|read| read.zone_index) {
            named.insert(index);
        }
        let mut indexed = Vec::with_capacity(batch.len());
        let mut given = HashSet::with_capacity(batch.len());
        for parsed in batch {
            indexed.push(match parsed {
                Err(invalid) => Err((None, invalid.to_string())),
                Ok(mut read) => match self.place(&read, &named) {
                    Ok(index) if self.taken.contains_key(&index) || !given.insert(index) => {
                        Err((Some(index), format!("zone_index: {index} is given twice")))
                    }
                    Ok(index) => {
                        read.zone.zone_index = index;
                        Ok(read)
                    }
                    Err(reason) => Err((None, reason)),
                },
            });
        }
        Ok(indexed)
    }

    fn place(&mut self, read: &ReadZone, named: &HashSet<i32>) -> Result<i32, String> {
        if let Some(index) = read.zone_index {
            return Ok(index);
        }
        let page = read.zone.page_number;
        let mut next = self.last.get(&page).map_or(first_of(page), |last| last.saturating_add(1));
        while named.contains(&next) || self.taken.contains_key(&next) {
            next = next.saturating_add(1);
            if next == i32::MAX {
                break;
            }
        }
        if next >= first_of(page).saturating_add(ZONES_PER_PAGE) {
            return Err(format!(
                "zone_index: the {ZONES_PER_PAGE} places of page {page} are taken; name another one"
            ));
        }
        self.last.insert(page, next);
        Ok(next)
    }

    /// Zones of the document that are named as parents, or whose identifiers come with new zones.
    async fn known(&self, indexed: &[Indexed]) -> Result<HashMap<ZoneId, (i32, i32)>, Error> {
        let named = indexed.iter().flatten();
        let ids: Vec<ZoneId> = named
            .flat_map(|read| read.zone.parent_id.into_iter().chain(read.has_id.then_some(read.zone.id)))
            .collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.tx.zones().known(self.delivery.document, &ids).await?)
    }

    /// The zone as it can be written beside what is there; or why it cannot.
    fn fitted(
        &self,
        read: ReadZone,
        standing: Option<&colophon_db::zones::Standing>,
        known: &HashMap<ZoneId, (i32, i32)>,
    ) -> Result<(NewZone, bool), String> {
        let ReadZone { mut zone, has_id, has_status, parent_index, clamped, .. } = read;
        let index = zone.zone_index;
        if has_id && self.zones.contains(&zone.id) {
            return Err(format!("id: {} is given twice", zone.id));
        }
        if has_id && let Some((version, other)) = known.get(&zone.id) {
            if (*version, *other) != (self.delivery.version, index) {
                return Err(format!("id: {} is zone {other} of version {version} already", zone.id));
            }
        } else if let (true, Some(standing)) = (has_id, standing) {
            return Err(format!("id: zone_index {index} is zone {} already", standing.id));
        }
        if let Some(parent_index) = parent_index {
            let parent = self.taken.get(&parent_index).copied();
            zone.parent_id = Some(parent.ok_or_else(|| {
                format!("parent_index: no zone {parent_index} comes before this one; give parent_id for one that is stored")
            })?);
        } else if let Some(parent) = zone.parent_id
            && !known.contains_key(&parent)
            && !self.zones.contains(&parent)
        {
            return Err(format!("parent_id: the document has no zone {parent}, and none that comes before"));
        }
        if let Some(standing) = standing {
            zone.id = standing.id;
            if standing.drawn && !self.delivery.own_word {
                return Err(format!("zone_index: a person drew zone {index}; give another place, or none"));
            }
            match (has_status, standing.status) {
                (false, status) if self.delivery.own_word => zone.status = status,
                (false, ZoneStatus::Verified) if !standing.judged => zone.status = ZoneStatus::Verified,
                (false, _) => {}
                (true, status) if status == zone.status || status.next().contains(&zone.status) => {}
                (true, _) if standing.judged && !self.delivery.own_word => {}
                (true, status) => {
                    return Err(format!("status: a zone cannot go from {status} to {}", zone.status));
                }
            }
        }
        if zone.parent_id == Some(zone.id) {
            return Err("parent_id: a zone is no part of itself".to_owned());
        }
        Ok((zone, clamped))
    }
}

/// A zone with its place; or its place, where it has one, and why it cannot be taken.
type Indexed = Result<ReadZone, (Option<i32>, String)>;

/// The first place in the reading order that is a page's.
fn first_of(page_number: i32) -> i32 {
    (page_number - 1).saturating_mul(ZONES_PER_PAGE)
}

fn refused_item(zone_index: Option<i32>, reason: impl Into<Box<str>>) -> Item {
    let outcome = Outcome::Refused(reason.into());
    Item { zone_index, id: None, outcome, clamped: false, kept_human: Box::default() }
}
