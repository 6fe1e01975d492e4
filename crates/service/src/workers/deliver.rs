//! A borrower delivers what it found: in parts while it works, or all of it with the end.
//!
//! A job is one transaction: its lease is held, its zones, its pages and its end are written, or none of them is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use colophon_db::queue::{Failure, Finish, Lease};
use colophon_db::{Database, ErrorKind, SystemScope, Tx};
use colophon_domain::geometry::{Frame, OutsideThePage};
use colophon_domain::vocabularies::Vocabulary;
use colophon_domain::{Invalid, Job, JobPage, JobStatus, JobZone, NewZone, PageOutcome, UnitFailure, ZoneId};
use colophon_formats::given::Reading;
use colophon_formats::worker::{Delivery, Unit};
use colophon_worker::release_waiting;
use serde_json::value::RawValue;

use super::conclude::conclude;
use super::zones::{self, Given};
use super::{Told, Tries, explained, finish, is_transient};
use crate::Error;
use crate::delivery::pages_of;
use crate::run::{self, Replaces, Run};

/// What a borrower found of a job.
#[derive(Debug)]
pub struct Found {
    /// The right to say so.
    pub lease: Lease,
    /// What was checked already.
    pub delivery: Delivery,
    /// Zones, not read yet; `None` where none are named.
    pub zones: Option<Arc<Vec<Box<RawValue>>>>,
    /// The tool; the job's strategy where none is named.
    pub tool: Option<String>,
    /// The model that it used.
    pub model: Option<String>,
    /// The frame of the coordinates.
    pub frame: Frame,
    /// The vocabulary of the types.
    pub vocabulary: Option<Vocabulary>,
    /// What to do with what lies outside its page.
    pub outside: OutsideThePage,
    /// Whose zones they take the place of.
    pub replaces: Replaces,
}

impl Found {
    fn has_units(&self) -> bool {
        let Delivery { pages, zone_outcomes, .. } = &self.delivery;
        pages.is_some() || !zone_outcomes.is_empty() || self.zones.is_some()
    }

    fn end(&self, status: JobStatus, failure: Option<Failure>) -> Finish {
        Finish { lease: self.lease, status, failure, metrics: self.delivery.metrics.clone() }
    }

    /// How it ends as the borrower says; `None` where that is for the units to say.
    fn said(&self) -> Option<Finish> {
        let status = self.delivery.status.or(self.delivery.failure.as_ref().map(|_| JobStatus::Failed))?;
        let failure = match (&self.delivery.failure, status) {
            (_, JobStatus::Completed) => None,
            (Some(failure), _) => Some(of_unit(failure)),
            (None, status) => Some(Failure {
                class: colophon_domain::ErrorClass::Permanent,
                code: "worker_failed".to_owned(),
                message: format!("the worker says {status}, and no reason"),
            }),
        };
        Some(self.end(status, failure))
    }
}

fn of_unit(failure: &UnitFailure) -> Failure {
    Failure { class: failure.class, code: failure.code.clone(), message: failure.message.clone() }
}

/// Stores what was found so far. The leases go on.
///
/// # Errors
/// The database cannot be reached; it is safe to say the same again.
pub async fn deliver(database: &Database, found: &[Found], lease: Duration) -> Result<Vec<Told>, Error> {
    let mut told = Vec::with_capacity(found.len());
    for found in found {
        told.push(work(database, found, Some(lease)).await?);
    }
    let leases: Vec<Lease> = found.iter().map(|found| found.lease).collect();
    explained(database, &leases, told, |_| None).await
}

/// Ends jobs, each with what was found of it. Those of which nothing was found end together, in one statement.
///
/// # Errors
/// The database cannot be reached; it is safe to say the same again.
pub async fn complete(database: &Database, found: &[Found]) -> Result<Vec<Told>, Error> {
    let leases: Vec<Lease> = found.iter().map(|found| found.lease).collect();
    let unsaid = found.iter().filter(|found| !found.has_units() && found.said().is_none());
    let unsaid: Vec<Lease> = unsaid.map(|found| found.lease).collect();
    let mut by_units = std::collections::HashSet::new();
    if !unsaid.is_empty() {
        let tx = database.session(&SystemScope::new()).begin().await?;
        by_units = tx.queue().by_units(&unsaid).await?;
        tx.commit().await?;
    }
    let mut told: Vec<Option<Told>> = std::iter::repeat_with(|| None).take(found.len()).collect();
    let (mut at, mut ends) = (Vec::new(), Vec::new());
    for (index, found) in found.iter().enumerate() {
        if found.has_units() || by_units.contains(&found.lease.job_id) {
            told[index] = work(database, found, None).await?;
        } else {
            at.push(index);
            ends.push(found.said().unwrap_or_else(|| found.end(JobStatus::Completed, None)));
        }
    }
    if !ends.is_empty() {
        for (index, one) in at.into_iter().zip(finish(database, &ends).await?) {
            told[index] = one;
        }
    }
    explained(database, &leases, told, |standing| {
        let status = standing.outcome.as_deref()?.parse().ok()?;
        let is_end =
            matches!(status, JobStatus::Completed | JobStatus::PartiallyCompleted | JobStatus::Failed);
        is_end.then(|| Told::Ended { status, stored: None, repeated: true })
    })
    .await
}

/// One job; with a lease that goes on, or with its end. `None` where the lease is lost.
async fn work(database: &Database, found: &Found, lease: Option<Duration>) -> Result<Option<Told>, Error> {
    let mut tries = Tries::default();
    let ended = loop {
        let ended = once(database, found, lease).await;
        if !tries.again(&ended).await {
            break ended;
        }
    };
    match ended {
        Err(Error::Database(error)) if matches!(error.kind(), ErrorKind::Stale | ErrorKind::NotFound) => {
            Ok(None)
        }
        Err(error) if is_transient(&error) => Err(error),
        Err(error) => Ok(Some(Told::Refused(error))),
        Ok(told) => Ok(Some(told)),
    }
}

async fn once(database: &Database, found: &Found, lease: Option<Duration>) -> Result<Told, Error> {
    /// While the transaction lasts nobody can take the job; this is for what comes before its first write.
    const BRIEFLY: Duration = Duration::from_mins(1);
    // Read and checked before anything is locked.
    let tx = database.session(&SystemScope::new()).begin().await?;
    let job = tx.jobs().require(found.lease.job_id).await?;
    let reading = Reading {
        frame: found.frame,
        vocabulary: found.vocabulary,
        outside: found.outside,
        pages: pages_of(&tx, job.document_id, job.version).await?,
    };
    tx.commit().await?;
    let of_zones = job.zone_ids.is_some();
    let given = match &found.zones {
        Some(zones) if !of_zones => {
            let (zones, reading) = (Arc::clone(zones), reading.clone());
            let parsed = tokio::task::spawn_blocking(move || zones::of_pages(&zones, &reading));
            Some(parsed.await.map_err(|e| Invalid::new("zones", format!("cannot be read: {e}")))??)
        }
        _ => None,
    };

    let tx = database.session(&SystemScope::new()).begin().await?;
    tx.queue().hold(&found.lease, lease.unwrap_or(BRIEFLY).as_secs_f64()).await?;
    let stored = if of_zones {
        zones::refresh(&tx, &Given { found, job: &job, reading: &reading }).await?
    } else {
        if !found.delivery.zone_outcomes.is_empty() {
            return Err(Invalid::new("zone_outcomes", "the job names no zones; say pages").into());
        }
        store_pages(&tx, found, &job, given, lease.is_none()).await?
    };
    if lease.is_some() {
        tx.commit().await?;
        return Ok(Told::Delivered(stored));
    }
    let end = if let Some(end) = found.said() {
        end
    } else {
        let (status, failure) = ended(&tx, &job).await?;
        found.end(status, failure)
    };
    let (ended, others_wait) = tx.queue().finish(std::slice::from_ref(&end)).await?;
    tx.commit().await?;
    if others_wait {
        release_waiting(database).await;
    }
    // Its record may have been ended by hand.
    let told = Told::Ended { status: end.status, stored, repeated: false };
    if ended.is_empty() {
        Err(Invalid::new("job_id", "the job was ended by hand meanwhile").into())
    } else {
        Ok(told)
    }
}

/// Stores the zones of the pages that are done, and how pages ended.
async fn store_pages(
    tx: &Tx<SystemScope>,
    found: &Found,
    job: &Job,
    zones: Option<Vec<NewZone>>,
    is_end: bool,
) -> Result<Option<run::Report>, Error> {
    let delivers = zones.is_some();
    let mut zones = zones.unwrap_or_default();
    let pages = match &found.delivery.pages {
        Some(pages) => pages.clone(),
        None => named_by_nobody(tx, job, &zones, delivers && is_end).await?,
    };
    check_pages(&pages, job)?;
    let mut counts: BTreeMap<i32, i32> = BTreeMap::new();
    for zone in &zones {
        *counts.entry(zone.page_number).or_default() += 1;
    }
    let done = |page: &&Unit<i32>| page.failure.is_none();
    let run = Run {
        document: job.document_id,
        version: Some(job.version),
        pages: pages.iter().filter(done).map(|page| page.of).collect(),
        tool: found.tool.clone().or_else(|| job.strategy.clone()),
        model: found.model.clone(),
        job: Some(job.id),
        reason: None,
        replaces: found.replaces,
    };
    // Who names pages and no zones says how they ended, and leaves the zones as they are.
    let report = if delivers && !(run.pages.is_empty() && zones.is_empty()) {
        let ids: Vec<ZoneId> = zones.iter().map(|zone| zone.id).collect();
        let taken = tx.runs().taken(job.document_id, &ids).await?;
        run::deliver::rename(&mut zones, &taken);
        Some(run::store(tx, &run, zones).await?)
    } else {
        None
    };
    let outcome = |page: &Unit<i32>| match &page.failure {
        None => PageOutcome::Completed { zone_count: counts.get(&page.of).copied().unwrap_or_default() },
        Some(UnitFailure { class, code, message }) => {
            PageOutcome::Failed { class: *class, code: code.clone(), message: message.clone() }
        }
    };
    let pages: Vec<JobPage> = pages
        .iter()
        .map(|page| JobPage {
            page_number: page.of,
            outcome: outcome(page),
            attempt: job.attempt,
            duration_ms: page.duration_ms,
            stages: page.stages.clone(),
            strategy: None,
            reason: None,
        })
        .collect();
    tx.jobs().record_pages(job.document_id, job.id, &pages).await?;
    Ok(report)
}

/// Pages of a delivery that names none: those that its zones are on; at the end all that the job still lacks.
async fn named_by_nobody(
    tx: &Tx<SystemScope>,
    job: &Job,
    zones: &[NewZone],
    is_all: bool,
) -> Result<Vec<Unit<i32>>, Error> {
    let mut pages: BTreeSet<i32> = zones.iter().map(|zone| zone.page_number).collect();
    if is_all {
        let before = tx.jobs().pages(job.document_id, job.id).await?;
        let is_done = |page: &i32| {
            let completed = |before: &JobPage| matches!(before.outcome, PageOutcome::Completed { .. });
            before.iter().any(|before| before.page_number == *page && completed(before))
        };
        pages.extend(asked_for(job).into_iter().filter(|page| !is_done(page)));
    }
    let unit = |of| Unit { of, failure: None, duration_ms: None, stages: BTreeMap::new() };
    Ok(pages.into_iter().map(unit).collect())
}

/// The pages that a job is to read, as far as it is known.
fn asked_for(job: &Job) -> Vec<i32> {
    match &job.page_numbers {
        Some(pages) => pages.clone(),
        None => (1..=job.total_pages.unwrap_or_default()).collect(),
    }
}

fn check_pages(pages: &[Unit<i32>], job: &Job) -> Result<(), Invalid> {
    let mut seen = BTreeSet::new();
    for page in pages {
        let number = page.of;
        let is_asked = match (&job.page_numbers, job.total_pages) {
            (Some(asked), _) => asked.contains(&number),
            (None, Some(total)) => (1..=total).contains(&number),
            (None, None) => number >= 1,
        };
        if !is_asked {
            return Err(Invalid::new("page_number", format!("{number} is none of the job's pages")));
        }
        if !seen.insert(number) {
            return Err(Invalid::new("page_number", format!("{number} is given twice")));
        }
    }
    Ok(())
}

/// How the job ends, by what is on record of its pages or zones.
async fn ended(tx: &Tx<SystemScope>, job: &Job) -> Result<(JobStatus, Option<Failure>), Error> {
    if let Some(asked) = &job.zone_ids {
        let zones = tx.jobs().zones(job.document_id, job.id).await?;
        let missing = asked.iter().filter(|id| !zones.iter().any(|zone| zone.zone_id.0 == **id));
        let missing: Vec<ZoneId> = missing.copied().map(ZoneId).collect();
        let ended: Vec<_> = zones.into_iter().map(|zone: JobZone| (zone.zone_id, zone.failure)).collect();
        return Ok(conclude("zone", &ended, &missing));
    }
    let pages = tx.jobs().pages(job.document_id, job.id).await?;
    let known: BTreeSet<i32> = pages.iter().map(|page| page.page_number).collect();
    let missing: Vec<i32> = asked_for(job).into_iter().filter(|page| !known.contains(page)).collect();
    let ended: Vec<_> = pages
        .into_iter()
        .map(|page| match page.outcome {
            PageOutcome::Completed { .. } => (page.page_number, None),
            PageOutcome::Failed { class, code, message } => {
                (page.page_number, Some(UnitFailure { class, code, message }))
            }
        })
        .collect();
    Ok(conclude("page", &ended, &missing))
}
