//! Changes of a document's zones are undone: field by field, as one change that can be undone itself.
//!
//! One transaction: a crash leaves everything as it was. The document is locked first, so that what is planned is what is
//! there when it is written.

use std::collections::{BTreeSet, HashSet};

use colophon_db::{Scope, Tx};
use colophon_domain::undo::{Kept, Settled, Write, left_out, plan, settle};
use colophon_domain::zone_history::value;
use colophon_domain::{Change, ChangeKind, DocumentId, Invalid, JobId, NewChange, ZoneId, ZoneState};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{Error, Platform};

/// Zones that are planned at once: their states are in memory together.
const BATCH: i64 = 5_000;
/// Changes that can be named one by one.
const MAX_REVISIONS: usize = 10_000;

/// What to undo.
#[derive(Debug, Clone)]
pub enum Selection {
    /// These changes.
    Revisions(Vec<i64>),
    /// Everything by this run.
    Job(JobId),
    /// Everything by this person from a time on.
    Person {
        /// The person, as changes name them.
        changed_by: String,
        /// From when on.
        since: Timestamp,
    },
}

/// What was undone, or would be.
#[derive(Debug, Clone)]
pub struct Undone {
    /// The change that it is; absent where nothing was to be written, or nothing was to be done yet.
    pub revision: Option<i64>,
    /// The changes that were chosen.
    pub revisions: Vec<i64>,
    /// Zones that came back.
    pub restored: usize,
    /// Zones that went.
    pub removed: usize,
    /// Zones that changed back.
    pub changed: usize,
    /// What stays, since somebody came later.
    pub kept: Vec<Kept>,
    /// The changes by which it stays.
    pub kept_by: Vec<Change>,
    /// Zones that have another place in the reading order: the one they had, and the one they got.
    pub reindexed: Vec<(ZoneId, i32, i32)>,
}

/// Undoes changes. What they did and nobody changed later is as it was before them; the rest stays, and is told. With
/// `dry_run` nothing is written.
///
/// # Errors
/// There is no such document, or it may only be read; [`Error::InTrash`]; [`Error::Invalid`] where a change is named that
/// there is not, or none at all.
pub async fn undo<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    selection: &Selection,
    reason: Option<String>,
    dry_run: bool,
) -> Result<Undone, Error> {
    let tx = platform.database.session(scope).begin().await?;
    let undone = undo_in(&tx, document, selection, reason, dry_run).await?;
    tx.commit().await?;
    Ok(undone)
}

/// As [`undo`], in a transaction that has changed no zones of the document before; the caller commits.
///
/// # Errors
/// As [`undo`].
pub async fn undo_in<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    selection: &Selection,
    reason: Option<String>,
    dry_run: bool,
) -> Result<Undone, Error> {
    check(selection, reason.as_deref())?;
    tx.documents().lock_to_edit(document).await?;
    if tx.documents().require(document).await?.deleted_at.is_some() {
        return Err(Error::InTrash { document });
    }
    let revisions = chosen(tx, document, selection).await?;
    let (writes, mut kept) = planned(tx, document, &revisions).await?;
    let mut settled = settled(tx, document, writes).await?;
    kept.append(&mut settled.kept);
    let newer: BTreeSet<i64> = kept.iter().filter_map(|kept| kept.revision).collect();
    let newer: Vec<i64> = newer.into_iter().collect();
    let kept_by = tx.changes().get_many(document, &newer).await?;

    let writes = !(settled.inserts.is_empty() && settled.updates.is_empty() && settled.deletes.is_empty());
    // A run may change no zone and leave something that waits for a person all the same.
    let nothing = !writes && !tx.correction_outcomes().concerned(document, &revisions).await?;
    let mut revision = None;
    if !nothing && !dry_run {
        let change = NewChange { reason, undoes: revisions.clone(), ..NewChange::of(ChangeKind::Undo) };
        revision = Some(tx.changes().begin(document, &change).await?);
        tx.undo().write(document, &settled).await?;
        tx.correction_outcomes().settle_again(document).await?;
    }
    Ok(Undone {
        revision,
        revisions,
        restored: settled.inserts.len(),
        removed: settled.deletes.len(),
        changed: settled.updates.len(),
        kept,
        kept_by,
        reindexed: settled.reindexed,
    })
}

fn check(selection: &Selection, reason: Option<&str>) -> Result<(), Invalid> {
    if let Some(reason) = reason
        && (!(1..=1_000).contains(&reason.chars().count()) || reason.contains('\0'))
    {
        return Err(Invalid::new("reason", "must have 1 to 1000 characters, and no U+0000"));
    }
    match selection {
        Selection::Revisions(revisions) if !(1..=MAX_REVISIONS).contains(&revisions.len()) => {
            Err(Invalid::new("revisions", format!("must name 1 to {MAX_REVISIONS} changes")))
        }
        Selection::Person { changed_by, .. } if changed_by.contains('\0') => {
            Err(Invalid::new("changed_by", "must hold no U+0000"))
        }
        _ => Ok(()),
    }
}

/// The changes to undo, oldest first.
async fn chosen<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    selection: &Selection,
) -> Result<Vec<i64>, Error> {
    let changes = tx.changes();
    let found = match selection {
        Selection::Job(job) => changes.chosen(document, Some(*job), None, None).await?,
        Selection::Person { changed_by, since } => {
            changes.chosen(document, None, Some(changed_by.as_str()), Some(*since)).await?
        }
        Selection::Revisions(revisions) => {
            let asked: BTreeSet<i64> = revisions.iter().copied().collect();
            let asked: Vec<i64> = asked.into_iter().collect();
            let found = changes.get_many(document, &asked).await?;
            let found: Vec<i64> = found.into_iter().map(|change| change.revision).collect();
            if let Some(missing) = asked.iter().find(|revision| !found.contains(revision)) {
                let reason = format!("there is no change {missing} of document {document}; list them first");
                return Err(Invalid::new("revisions", reason).into());
            }
            found
        }
    };
    Ok(found)
}

/// What is to be written zone by zone, and what stays.
async fn planned<S: Scope>(
    tx: &Tx<S>,
    document: DocumentId,
    revisions: &[i64],
) -> Result<(Vec<Write>, Vec<Kept>), Error> {
    let chosen: BTreeSet<i64> = revisions.iter().copied().collect();
    let Some(first) = chosen.first() else { return Ok((Vec::new(), Vec::new())) };
    let undone = left_out(&chosen, &tx.changes().undos(document, *first).await?);
    let (mut writes, mut kept) = (Vec::new(), Vec::new());
    let mut after = ZoneId(Uuid::nil());
    loop {
        let states = tx.zone_history().touched(document, revisions, after, BATCH).await?;
        let mut zones = 0;
        for states in states.chunk_by(|a, b| a.zone_id == b.zone_id) {
            let Some(ZoneState { zone_id, .. }) = states.first() else { continue };
            let mut planned = plan(*zone_id, states, &undone);
            writes.extend(planned.write);
            kept.append(&mut planned.kept);
            (after, zones) = (*zone_id, zones + 1);
        }
        if zones < BATCH {
            break;
        }
    }
    Ok((writes, kept))
}

/// The writes as they can be made, given the zones around.
async fn settled<S: Scope>(tx: &Tx<S>, document: DocumentId, writes: Vec<Write>) -> Result<Settled, Error> {
    let (mut deletes, mut parents, mut moves) = (Vec::new(), HashSet::new(), false);
    for write in &writes {
        let zone = match write {
            Write::Delete(zone) => {
                deletes.extend(uuid(value(Some(zone), "id").as_str()));
                continue;
            }
            Write::Insert(zone) => {
                moves = true;
                zone
            }
            Write::Update { zone, current } => {
                moves |= zone.get("zone_index") != current.get("zone_index");
                zone
            }
        };
        parents.extend(uuid(value(Some(zone), "parent_id").as_str()));
    }
    let repository = tx.undo();
    let parts = if deletes.is_empty() { Vec::new() } else { repository.parts(document, &deletes).await? };
    let parents: Vec<ZoneId> = parents.into_iter().collect();
    let there =
        if parents.is_empty() { BTreeSet::new() } else { repository.there(document, &parents).await? };
    let places = if moves { repository.places(document).await? } else { Vec::new() };
    Ok(settle(writes, &parts, &there, &places)?)
}

fn uuid(text: Option<&str>) -> Option<ZoneId> {
    text.and_then(|text| text.parse().ok())
}
