//! One job: which pages, in batches, to its end.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use colophon_db::queue::{ClaimedJob, Failure};
use colophon_db::{SystemScope, Tx};
use colophon_domain::{ErrorClass, JobPage, JobStatus, NewZone, PageOutcome, Strategy};
use colophon_pdf::PageSelection;
use colophon_worker::Ended;
use serde_json::{Value, json};
use tracing::Instrument as _;

use super::found::{Found, Stages, millis};
use super::options::Options;
use super::stage;
use crate::upload::without_nul;
use crate::{Error, Platform, run};

/// A batch is stored when it holds so many zones,
const BATCH_ZONES: usize = 2_000;
/// or so many pages,
const BATCH_PAGES: usize = 100;
/// or is so old: what a person sees as progress.
const BATCH_AGE: Duration = Duration::from_millis(500);

/// A job in hand.
pub(super) struct Run<'a> {
    pub(super) platform: &'a Platform,
    pub(super) options: Options,
    /// The model of the OCR.
    pub(super) model: Option<String>,
    pub(super) strategy: Strategy,
    pub(super) lease: Duration,
    pub(super) job: &'a ClaimedJob,
    begun: Instant,
    /// How many pages were asked for.
    page_count: usize,
    /// Pages asked for that no earlier attempt read.
    todo: Vec<u32>,
    batch: Batch,
    stored: Instant,
    measured: Measured,
}

/// Pages read and not yet stored.
#[derive(Default)]
struct Batch {
    pages: Vec<JobPage>,
    /// By the tool that read them: its pages, and their zones.
    read: BTreeMap<&'static str, (Vec<i32>, Vec<NewZone>)>,
    zones: usize,
}

/// What this attempt took.
#[derive(Default)]
struct Measured {
    stages: Stages,
    store: Duration,
    tools: BTreeMap<&'static str, usize>,
    reasons: BTreeMap<&'static str, usize>,
}

impl<'a> Run<'a> {
    pub(super) async fn begin(
        platform: &'a Platform,
        lease: Duration,
        job: &'a ClaimedJob,
        strategy: Strategy,
        options: Options,
        begun: Instant,
        page_count: i32,
    ) -> Result<Self, Error> {
        let tx = platform.database.session(&SystemScope::new()).begin().await?;
        let pages = tx.jobs().pages(job.document_id, job.lease.job_id).await?;
        let goes_on = goes_on(&tx, job).await?;
        tx.commit().await?;
        let stands = |page: &&JobPage| match &page.outcome {
            PageOutcome::Completed { .. } => true,
            PageOutcome::Failed { class, .. } => goes_on && *class != ErrorClass::Transient,
        };
        let done: HashSet<i32> = pages.iter().filter(stands).map(|page| page.page_number).collect();
        let mut asked = job.page_numbers.clone().unwrap_or_else(|| (1..=page_count).collect());
        asked.sort_unstable();
        asked.dedup();
        let page_count = asked.len();
        asked.retain(|page| !done.contains(page));
        Ok(Self {
            platform,
            options,
            model: None,
            strategy,
            lease,
            job,
            begun,
            page_count,
            todo: asked.into_iter().filter_map(|page| u32::try_from(page).ok()).collect(),
            batch: Batch::default(),
            stored: Instant::now(),
            measured: Measured::default(),
        })
    }

    /// Pages that are to be read.
    pub(super) fn todo(&self) -> &[u32] {
        &self.todo
    }

    pub(super) fn selection(&self) -> PageSelection {
        let whole = self.job.page_numbers.is_none() && self.todo.len() == self.page_count;
        if whole { PageSelection::All } else { PageSelection::List(self.todo.clone()) }
    }

    /// Takes a page that was read, and stores the batch if it is time.
    pub(super) async fn take(&mut self, page: Found) -> Result<(), Error> {
        self.measured.take(&page);
        self.batch.take(page, self.job.attempt);
        if self.batch.zones >= BATCH_ZONES
            || self.batch.pages.len() >= BATCH_PAGES
            || self.stored.elapsed() >= BATCH_AGE
        {
            self.store().await?;
        }
        Ok(())
    }

    /// Stores what was taken.
    pub(super) async fn store(&mut self) -> Result<(), Error> {
        self.stored = Instant::now();
        let batch = std::mem::take(&mut self.batch);
        if batch.pages.is_empty() {
            return Ok(());
        }
        self.write(batch).instrument(stage("store")).await?;
        self.measured.store += self.stored.elapsed();
        Ok(())
    }

    async fn write(&self, mut batch: Batch) -> Result<(), Error> {
        let job = self.job;
        let tx = self.platform.database.session(&SystemScope::new()).begin().await?;
        tx.queue().hold(&job.lease, self.lease.as_secs_f64()).await?;
        for (tool, (pages, zones)) in batch.read {
            let ocr = tool == Strategy::Ocr.as_str();
            let run = run::Run {
                document: job.document_id,
                version: Some(job.version),
                pages,
                tool: Some(tool.to_owned()),
                model: self.model.clone().filter(|_| ocr),
                job: Some(job.lease.job_id),
                reason: None,
                replaces: self.options.replaces,
            };
            run::store(&tx, &run, zones).await?;
        }
        // Each page's share of what is known by now: these rows and the commit are still to come.
        let share = millis(self.stored.elapsed()) / i64::try_from(batch.pages.len()).unwrap_or(i64::MAX);
        for page in &mut batch.pages {
            page.stages.insert("store".to_owned(), share);
        }
        tx.jobs().record_pages(job.document_id, job.lease.job_id, &batch.pages).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What this attempt measured, but for the number of units.
    pub(super) fn metrics(&self) -> Value {
        let mut metrics = json!({
            "seconds": self.begun.elapsed().as_secs_f64(),
            "stages": self.measured.stages(),
            "tools": self.measured.tools,
        });
        if !self.measured.reasons.is_empty() {
            metrics["reasons"] = json!(self.measured.reasons);
        }
        metrics
    }

    /// Counts a zone that was read by itself.
    pub(super) fn measured_zone(&mut self, stages: Stages, tool: Strategy) {
        self.measured.add(stages);
        *self.measured.tools.entry(tool.as_str()).or_default() += 1;
    }

    /// How the job ended, by the outcomes of all its pages.
    pub(super) async fn conclude(&self) -> Result<Ended, Error> {
        let tx = self.platform.database.session(&SystemScope::new()).begin().await?;
        let pages = tx.jobs().pages(self.job.document_id, self.job.lease.job_id).await?;
        tx.commit().await?;
        let mut failed: Vec<(i32, ErrorClass, &str, &str)> = pages
            .iter()
            .filter_map(|page| match &page.outcome {
                PageOutcome::Failed { class, code, message } => {
                    Some((page.page_number, *class, code.as_str(), message.as_str()))
                }
                PageOutcome::Completed { .. } => None,
            })
            .collect();
        // What another attempt may mend speaks for all.
        failed.sort_by_key(|(page, class, ..)| (*class != ErrorClass::Transient, *page));
        let page_count = self.page_count;
        let mut metrics = self.metrics();
        metrics["pages"] = json!(page_count);
        metrics["pages_failed"] = json!(failed.len());
        let Some((_, class, code, first)) = failed.first() else {
            return Ok(Ended { status: JobStatus::Completed, failure: None, metrics });
        };
        let shown: Vec<String> = failed.iter().take(20).map(|(page, ..)| page.to_string()).collect();
        let more = if failed.len() > shown.len() { ", …" } else { "" };
        let message = format!(
            "{} of {page_count} pages could not be read (page {}{more}): {first}",
            failed.len(),
            shown.join(", ")
        );
        let status =
            if failed.len() == pages.len() { JobStatus::Failed } else { JobStatus::PartiallyCompleted };
        let failure = Failure { class: *class, code: (*code).to_owned(), message };
        Ok(Ended { status, failure: Some(failure), metrics })
    }
}

/// Whether this attempt goes on with what the one before left: then what no attempt will mend is not tried again. Whoever
/// asks again for a job that has ended wants that tried, too.
pub(super) async fn goes_on(tx: &Tx<SystemScope>, job: &ClaimedJob) -> Result<bool, Error> {
    if job.attempt == 1 {
        return Ok(false);
    }
    let attempts = tx.jobs().attempts(job.document_id, job.lease.job_id).await?;
    let last = attempts.last().map(|attempt| attempt.outcome.as_str());
    Ok(matches!(last, Some("retry" | "lease_lost" | "released")))
}

impl Batch {
    fn take(&mut self, page: Found, attempt: i16) {
        let Ok(page_number) = i32::try_from(page.page_number) else { return };
        let outcome = match page.outcome {
            Ok(zones) => {
                self.zones += zones.len();
                let zone_count = i32::try_from(zones.len()).unwrap_or(i32::MAX);
                // What stands on a page that could not be read now is still the best that is known of it.
                let (pages, read) = self.read.entry(page.tool.as_str()).or_default();
                pages.push(page_number);
                read.extend(zones);
                PageOutcome::Completed { zone_count }
            }
            Err(failed) => PageOutcome::Failed {
                class: failed.class,
                code: failed.code,
                message: without_nul(&failed.reason),
            },
        };
        let duration_ms = i32::try_from(page.stages.sum().as_millis()).ok();
        self.pages.push(JobPage {
            page_number,
            outcome,
            attempt,
            duration_ms,
            stages: page.stages.by_name(),
            strategy: page.why.map(|_| page.tool.as_str().to_owned()),
            reason: page.why.map(str::to_owned),
        });
    }
}

impl Measured {
    fn take(&mut self, page: &Found) {
        self.add(page.stages);
        if page.outcome.is_ok() {
            *self.tools.entry(page.tool.as_str()).or_default() += 1;
        }
        if let Some(why) = page.why {
            *self.reasons.entry(why).or_default() += 1;
        }
    }

    fn add(&mut self, stages: Stages) {
        self.stages.read += stages.read;
        self.stages.render += stages.render;
        self.stages.recognise += stages.recognise;
    }

    fn stages(&self) -> Value {
        let mut stages = self.stages.by_name();
        stages.insert("store".to_owned(), millis(self.store));
        json!(stages)
    }
}
