//! Writes zones of one document: each finds its place in the reading order, and meets what is there.

use std::collections::{HashMap, HashSet};

use colophon_db::zones::{Delivery, Standing};
use colophon_db::{Scope, Tx};
use colophon_domain::zones::ZONES_PER_PAGE;
use colophon_domain::{ChangeKind, DocumentId, Invalid, NewChange, NewZone, ZoneId, ZoneStatus};
use colophon_formats::given::ReadZone;

use super::{Counts, Delivered, Item, Options, Outcome, Parsed};
use crate::Error;

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
        let placed = self.placed(batch).await?;
        let indexes: Vec<i32> = placed.iter().flatten().map(|read| read.zone.zone_index).collect();
        let standing =
            self.tx.zones().standing(self.delivery.document, self.delivery.version, &indexes).await?;
        let known = self.known(&placed).await?;
        let (mut new, mut there) = (Vec::new(), Vec::new());
        let first = self.items.len();
        for read in placed {
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
                                there.push(zone);
                            } else {
                                new.push(zone);
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

    /// The version that they are found on.
    pub fn version(&self) -> i32 {
        self.delivery.version
    }

    /// How many there were of each so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What became of all.
    pub fn end(self) -> Delivered {
        let written = self.counts.inserted + self.counts.updated > 0;
        Delivered {
            revision: written.then_some(self.delivery.revision),
            version: self.delivery.version,
            items: self.items,
            counts: self.counts,
            repeated: false,
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
    async fn placed(&mut self, batch: Vec<Parsed>) -> Result<Vec<InOrder>, Error> {
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
        let mut placed = Vec::with_capacity(batch.len());
        let mut given = HashSet::with_capacity(batch.len());
        for parsed in batch {
            placed.push(match parsed {
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
        Ok(placed)
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
    async fn known(&self, placed: &[InOrder]) -> Result<HashMap<ZoneId, (i32, i32)>, Error> {
        let named = placed.iter().flatten();
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
        standing: Option<&Standing>,
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
type InOrder = Result<ReadZone, (Option<i32>, String)>;

/// The first place in the reading order that is a page's.
fn first_of(page_number: i32) -> i32 {
    (page_number - 1).saturating_mul(ZONES_PER_PAGE)
}

fn refused_item(zone_index: Option<i32>, reason: impl Into<Box<str>>) -> Item {
    let outcome = Outcome::Refused(reason.into());
    Item { zone_index, id: None, outcome, clamped: false, kept_human: Box::default() }
}
