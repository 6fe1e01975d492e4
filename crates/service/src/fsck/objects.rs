//! The store's list beside the ledger, both in the order of the keys.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::SystemTime;

use colophon_blobs::{Form, Listed};
use colophon_db::fsck::Entry;
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _, iter};

use super::checks::{self, Check};
use super::{Finding, MOMENT, Phase, Run};
use crate::Error;

/// Entries of the ledger that are read at a time.
const PAGE: i64 = 4_096;
/// What looks wrong is looked at again so many at a time.
const SUSPECTS: usize = 1_000;
/// Objects looked at again at once.
const AT_ONCE: usize = 8;

/// What is told of the progress: not each object.
const STEP: u64 = 1_000;

impl Run<'_> {
    pub(super) async fn objects(&mut self, total: u64) -> Result<(), Error> {
        let mut listed = self.platform.store.list(None);
        let mut ledger = Ledger::default();
        let mut suspects: Vec<String> = Vec::new();
        let mut object = next(&mut listed).await?;
        loop {
            if ledger.page.is_empty() && !ledger.ended {
                let tx = self.begin().await?;
                let page = tx.fsck().ledger(&ledger.after, PAGE).await?;
                tx.commit().await?;
                ledger.take(page);
                continue;
            }
            let order = match (ledger.page.front(), &object) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(entry), Some(object)) => entry.storage_path.cmp(&object.path),
            };
            let entry = if order.is_le() { ledger.page.pop_front() } else { None };
            let here = if order.is_ge() { object.take() } else { None };
            if order.is_ge() {
                object = next(&mut listed).await?;
            }
            self.summary.objects += u64::from(here.is_some());
            self.summary.ledger += u64::from(entry.is_some());
            if self.summary.ledger.is_multiple_of(STEP) {
                self.progress(Phase::Objects, self.summary.ledger, total);
            }
            if wrong(entry.as_ref(), here.as_ref()) {
                suspects.extend(here.map(|object| object.path).or(entry.map(|entry| entry.storage_path)));
            }
            if suspects.len() >= SUSPECTS {
                self.look_again(std::mem::take(&mut suspects)).await?;
            }
        }
        self.look_again(suspects).await?;
        self.progress(Phase::Objects, self.summary.ledger, total);
        Ok(())
    }

    /// The ledger, the store, the ledger: what is written meanwhile is in the store before it is stored in the ledger,
    /// and what is deleted is no more stored in the ledger before it goes. So only what the ledger says before and
    /// after can be held against the store.
    async fn look_again(&mut self, paths: Vec<String>) -> Result<(), Error> {
        if paths.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(MOMENT).await;
        let before = self.entries(&paths).await?;
        let store = &self.platform.store;
        let objects: HashMap<String, Listed> = iter(&paths)
            .map(async |path| match store.head(path).await {
                Ok(object) => Ok(Some((path.clone(), object))),
                Err(colophon_blobs::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            })
            .buffer_unordered(AT_ONCE)
            .try_filter_map(async |object| Ok(object))
            .try_collect()
            .await?;
        let after = self.entries(&paths).await?;
        let unknown = paths.iter().filter(|path| objects.contains_key(*path) && !after.contains_key(*path));
        let named = self.named(unknown.map(String::as_str).collect()).await?;
        for path in paths {
            let (before, object, after) = (before.get(&path), objects.get(&path), after.get(&path));
            match (before, object, after) {
                (Some(before), None, Some(after)) if before.stored && after.stored => {
                    let bytes = after.bytes.map_or(0, |(_, most)| most);
                    let detail = format!("the ledger says {bytes} bytes, the store has no such object");
                    let check =
                        if is_export(&path) { &checks::EXPORT_MISSING } else { &checks::OBJECT_MISSING };
                    self.damaged(check, after, detail).await?;
                }
                (Some(before), Some(object), Some(after))
                    if before == after && wrong(Some(after), Some(object)) =>
                {
                    let (least, most) = after.bytes.unwrap_or_default();
                    let said = if least == most { least.to_string() } else { format!("{least} and {most}") };
                    let detail = format!("the ledger says {said} bytes, the store has {}", object.size);
                    self.damaged(&checks::OBJECT_SIZE, after, detail).await?;
                }
                // What a row names is no orphan: that the ledger lacks it was found among the rows.
                (None, Some(object), None) if self.is_old(object) && !named.contains(&path) => {
                    self.unknown(object).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn entries(&self, paths: &[String]) -> Result<HashMap<String, Entry>, Error> {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let tx = self.begin().await?;
        let entries = tx.fsck().entries(&paths).await?;
        tx.commit().await?;
        Ok(entries.into_iter().map(|entry| (entry.storage_path.clone(), entry)).collect())
    }

    async fn named(&self, paths: Vec<&str>) -> Result<HashSet<String>, Error> {
        if paths.is_empty() {
            return Ok(HashSet::new());
        }
        let tx = self.begin().await?;
        let named = tx.fsck().named(&paths).await?;
        tx.commit().await?;
        Ok(named.into_iter().collect())
    }

    fn is_old(&self, object: &Listed) -> bool {
        let age = SystemTime::now().duration_since(object.last_modified);
        age.is_ok_and(|age| age >= self.options.min_age)
    }

    async fn damaged(&mut self, check: &'static Check, entry: &Entry, detail: String) -> Result<(), Error> {
        let repaired = self.options.repair && self.relink(&entry.storage_path).await?;
        let (key, document_id) = (entry.storage_path.clone(), Some(entry.document_id));
        self.found(Finding { check, key, document_id, detail, repaired });
        Ok(())
    }

    /// An object that the ledger does not know.
    async fn unknown(&mut self, object: &Listed) -> Result<(), Error> {
        let check = match &Form::of(&object.path) {
            Form::Junk => return Ok(()),
            Form::Part { of } if !self.entries(std::slice::from_ref(of)).await?.is_empty() => return Ok(()),
            Form::Object | Form::Part { .. } => &checks::OBJECT_ORPHAN,
            Form::Foreign => &checks::FOREIGN_FILE,
        };
        let repaired =
            self.options.repair && *check == checks::OBJECT_ORPHAN && self.delete(&object.path).await?;
        let written =
            jiff::Timestamp::try_from(object.last_modified).map(|time| format!(", written at {time:.0}"));
        let detail = format!("{} bytes{}", object.size, written.unwrap_or_default());
        self.found(Finding { check, key: object.path.clone(), document_id: None, detail, repaired });
        Ok(())
    }

    /// Deletes an orphan, unless somebody takes it up at this moment.
    async fn delete(&self, path: &str) -> Result<bool, Error> {
        let tx = self.begin().await?;
        let free = tx.fsck().try_lock(path).await?
            && tx.fsck().entries(&[path]).await?.is_empty()
            && tx.fsck().named(&[path]).await?.is_empty();
        if free {
            self.platform.store.delete(path).await?;
        }
        tx.commit().await?;
        Ok(free)
    }
}

/// A part of the ledger.
#[derive(Default)]
struct Ledger {
    page: VecDeque<Entry>,
    after: String,
    ended: bool,
}

impl Ledger {
    fn take(&mut self, page: Vec<Entry>) {
        match page.last() {
            Some(last) => self.after.clone_from(&last.storage_path),
            None => self.ended = true,
        }
        self.page = page.into();
    }
}

async fn next(
    listed: &mut BoxStream<'static, Result<Listed, colophon_blobs::Error>>,
) -> Result<Option<Listed>, Error> {
    Ok(listed.try_next().await?)
}

fn wrong(entry: Option<&Entry>, object: Option<&Listed>) -> bool {
    match (entry, object) {
        (Some(entry), None) => entry.stored,
        (None, Some(_)) => true,
        (Some(entry), Some(object)) => {
            let size = i64::try_from(object.size).unwrap_or(i64::MAX);
            entry.stored && entry.bytes != Some((size, size))
        }
        (None, None) => false,
    }
}

fn is_export(path: &str) -> bool {
    path.split('/').nth(2) == Some("exports")
}
