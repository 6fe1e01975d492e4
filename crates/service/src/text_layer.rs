//! The strategy `text-layer`: the text a born-digital PDF carries becomes zones.
//!
//! Pages are read one after the other in a child process and stored in batches. Each batch is one transaction that
//! holds the job's lease: zones, page outcomes and progress are written by the holder of the lease or not at all. A
//! crash between two batches leaves the pages stored so far; the next attempt reads only the others.

use std::time::{Duration, Instant};

use colophon_db::ErrorKind;
use colophon_db::SystemScope;
use colophon_db::queue::{ClaimedJob, Failure};
use colophon_domain::zones::ZONES_PER_PAGE;
use colophon_domain::{
    BoundingBox, Coordinates, ErrorClass, JobPage, JobStatus, NewZone, PageOutcome, Stages, Strategy, ZoneId,
    ZoneStatus,
};
use colophon_pdf::{PageSelection, PageText, TextZone};
use colophon_worker::{Ended, Processor, Stopped};
use serde_json::{Map, json};

use crate::upload::without_nul;
use crate::{Error, Platform, run};

/// A batch is stored when it holds so many zones,
const BATCH_ZONES: usize = 2_000;
/// or so many pages,
const BATCH_PAGES: usize = 100;
/// or is so old: what a person sees as progress.
const BATCH_AGE: Duration = Duration::from_millis(500);

/// Reads text layers for a worker.
#[derive(Debug, Clone)]
pub struct TextLayer {
    platform: Platform,
    lease: Duration,
}

impl TextLayer {
    /// For workers whose leases last `lease`.
    pub fn new(platform: Platform, lease: Duration) -> Self {
        Self { platform, lease }
    }
}

impl Processor for TextLayer {
    fn strategies(&self) -> &'static [&'static str] {
        const STRATEGIES: &[&str] = &[Strategy::TextLayer.as_str()];
        STRATEGIES
    }

    async fn process(&self, job: &ClaimedJob) -> Result<Ended, Stopped> {
        Run { platform: &self.platform, lease: self.lease, job, begun: Instant::now() }
            .run()
            .await
            .map_err(stopped)
    }
}

fn stopped(error: Error) -> Stopped {
    let failure = |class, code: &str, message: String| {
        Stopped::Failed(Failure { class, code: code.to_owned(), message })
    };
    match error {
        Error::Database(e) if *e.kind() == ErrorKind::Stale => Stopped::LeaseLost,
        Error::Database(e) if e.is_transient() => {
            failure(ErrorClass::Transient, "database_unavailable", e.to_string())
        }
        Error::Database(e) => failure(ErrorClass::Permanent, "database_refused", e.to_string()),
        Error::Store(e @ colophon_blobs::Error::NotFound { .. }) => {
            failure(ErrorClass::Permanent, "object_missing", e.to_string())
        }
        Error::Store(e) => failure(ErrorClass::Transient, "store_failed", e.to_string()),
        other => failure(ErrorClass::Transient, "internal", other.to_string()),
    }
}

struct Run<'a> {
    platform: &'a Platform,
    lease: Duration,
    job: &'a ClaimedJob,
    begun: Instant,
}

/// Pages read and not yet stored.
#[derive(Default)]
struct Batch {
    pages: Vec<JobPage>,
    zones: Vec<NewZone>,
}

impl Run<'_> {
    async fn run(&self) -> Result<Ended, Error> {
        let job = self.job;
        let (Some(path), Some(page_count)) = (&job.storage_path, job.page_count) else {
            let message = format!("version {} has no file that can be read", job.version);
            return Ok(Ended::failed(ErrorClass::Permanent, "not_readable", message));
        };
        let done = self.done().await?;
        let todo: Vec<u32> = (1..=page_count)
            .filter(|page| !done.contains(page))
            .filter_map(|page| u32::try_from(page).ok())
            .collect();
        if !todo.is_empty() {
            let selection = if done.is_empty() { PageSelection::All } else { PageSelection::List(todo) };
            let file = self.platform.store.local_file(path).await?;
            let mut reader =
                colophon_pdf::read_text(&self.platform.pdf, file, &self.platform.pdf_limits, selection)
                    .await?;
            let mut batch = Batch::default();
            let mut stored = Instant::now();
            while let Some(page) = reader.next().await? {
                batch.take(page, job);
                if batch.zones.len() >= BATCH_ZONES
                    || batch.pages.len() >= BATCH_PAGES
                    || stored.elapsed() >= BATCH_AGE
                {
                    self.store(std::mem::take(&mut batch)).await?;
                    stored = Instant::now();
                }
            }
            self.store(batch).await?;
        }
        self.conclude(page_count).await
    }

    /// Pages that an earlier attempt read.
    async fn done(&self) -> Result<Vec<i32>, Error> {
        let tx = self.platform.database.session(&SystemScope::new()).begin().await?;
        let pages = tx.jobs().pages(self.job.document_id, self.job.lease.job_id).await?;
        tx.commit().await?;
        let completed = |page: &JobPage| matches!(page.outcome, PageOutcome::Completed { .. });
        Ok(pages.iter().filter(|page| completed(page)).map(|page| page.page_number).collect())
    }

    async fn store(&self, batch: Batch) -> Result<(), Error> {
        if batch.pages.is_empty() {
            return Ok(());
        }
        let job = self.job;
        // What stands on a page that could not be read now is still the best that is known of it.
        let completed = |page: &&JobPage| matches!(page.outcome, PageOutcome::Completed { .. });
        let run = run::Run {
            document: job.document_id,
            version: Some(job.version),
            pages: batch.pages.iter().filter(completed).map(|page| page.page_number).collect(),
            tool: Some(Strategy::TextLayer.as_str().to_owned()),
            model: None,
            job: Some(job.lease.job_id),
            reason: None,
            replaces: run::Replaces::SameTool,
        };
        let tx = self.platform.database.session(&SystemScope::new()).begin().await?;
        tx.queue().hold(&job.lease, self.lease.as_secs_f64()).await?;
        if !run.pages.is_empty() {
            run::store(&tx, &run, batch.zones).await?;
        }
        tx.jobs().record_pages(job.document_id, job.lease.job_id, &batch.pages).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn conclude(&self, page_count: i32) -> Result<Ended, Error> {
        let tx = self.platform.database.session(&SystemScope::new()).begin().await?;
        let pages = tx.jobs().pages(self.job.document_id, self.job.lease.job_id).await?;
        tx.commit().await?;
        let failed: Vec<(i32, &str, &str)> = pages
            .iter()
            .filter_map(|page| match &page.outcome {
                PageOutcome::Failed { code, message, .. } => {
                    Some((page.page_number, code.as_str(), message.as_str()))
                }
                PageOutcome::Completed { .. } => None,
            })
            .collect();
        let seconds = self.begun.elapsed().as_secs_f64();
        let metrics = json!({ "pages": page_count, "pages_failed": failed.len(), "seconds": seconds });
        let Some((_, code, first)) = failed.first() else {
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
        let failure = Failure { class: ErrorClass::Permanent, code: (*code).to_owned(), message };
        Ok(Ended { status, failure: Some(failure), metrics })
    }
}

impl Batch {
    fn take(&mut self, page: PageText, job: &ClaimedJob) {
        let Ok(page_number) = i32::try_from(page.page_number) else { return };
        let outcome = match page.outcome {
            Ok(zones) => {
                let before = self.zones.len();
                let numbered =
                    zones.into_iter().zip((page_number - 1) * ZONES_PER_PAGE..page_number * ZONES_PER_PAGE);
                self.zones.extend(numbered.filter_map(|(zone, index)| new_zone(&zone, index, page_number)));
                PageOutcome::Completed {
                    zone_count: i32::try_from(self.zones.len() - before).unwrap_or(i32::MAX),
                }
            }
            Err(failure) => PageOutcome::Failed {
                class: ErrorClass::Permanent,
                code: failure.code.as_str().to_owned(),
                message: without_nul(&failure.reason),
            },
        };
        let duration_ms = i32::try_from(page.duration.as_millis()).ok();
        self.pages.push(JobPage {
            page_number,
            outcome,
            attempt: job.attempt,
            duration_ms,
            stages: Stages::new(),
            strategy: None,
            reason: None,
        });
    }
}

fn new_zone(zone: &TextZone, zone_index: i32, page_number: i32) -> Option<NewZone> {
    let bbox = zone.bbox;
    let bounding_box = BoundingBox { x0: bbox.x0, y0: bbox.y0, x1: bbox.x1, y1: bbox.y1 }.checked().ok()?;
    let mut metadata = Map::new();
    if let Some(size) = zone.font_size {
        metadata.insert("font_size".to_owned(), json!(size));
    }
    let rotation = match zone.rotation {
        0 => None,
        270 => Some(-90.0),
        turned => Some(f64::from(turned)),
    };
    let coordinates = Coordinates { rotation, ..Coordinates::from(bounding_box) };
    Some(NewZone {
        id: ZoneId::new(),
        zone_index,
        page_number,
        zone_type: zone.zone_type.as_str().to_owned(),
        coordinates: Some(coordinates),
        content: (!zone.content.is_empty()).then(|| without_nul(&zone.content)),
        // A text layer gives nothing to measure a confidence by, and "unknown" is not 1.0.
        confidence: None,
        status: ZoneStatus::Completed,
        label: None,
        external_id: None,
        parent_id: None,
        language: None,
        source: None,
        metadata,
    })
}
