//! Pages become zones: the built-in strategies.
//!
//! Pages are read one after the other and stored in batches. Each batch is one transaction that holds the job's lease:
//! zones, page outcomes and progress are written by the holder of the lease or not at all. A crash between two batches
//! leaves the pages stored so far; the next attempt reads only the others. The processor may be dropped at any await:
//! the processes that it has started end with it.
//!
//! What differs between the strategies is how a page is read: `text_layer`, `ocr`, and `auto`, which chooses.

mod auto;
mod found;
mod ocr;
pub mod options;
mod run;
mod text_layer;
mod zones;

use std::time::{Duration, Instant};

use colophon_db::ErrorKind;
use colophon_db::queue::{ClaimedJob, Failure};
use colophon_domain::{ErrorClass, Strategy, ZoneId};
use colophon_traces::span;
use colophon_worker::{Ended, Processor, Stopped};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::{Error, Platform};
use options::Options;
use run::Run;

/// Reads pages for a worker, by every built-in strategy.
#[derive(Debug, Clone)]
pub struct Reading {
    platform: Platform,
    lease: Duration,
}

impl Reading {
    /// For workers whose leases last `lease`.
    pub fn new(platform: Platform, lease: Duration) -> Self {
        Self { platform, lease }
    }
}

impl Processor for Reading {
    fn strategies(&self) -> &'static [&'static str] {
        const STRATEGIES: &[&str] =
            &[Strategy::TextLayer.as_str(), Strategy::Ocr.as_str(), Strategy::Auto.as_str()];
        STRATEGIES
    }

    async fn process(&self, job: &ClaimedJob) -> Result<Ended, Stopped> {
        let ended = self.read(job).await.map_err(stopped)?;
        match ended.failure {
            // What is done stays; another attempt takes what failed for a while only.
            Some(failure) if failure.class == ErrorClass::Transient && job.attempt < job.max_attempts => {
                Err(Stopped::InPart { failure, metrics: ended.metrics })
            }
            failure => Ok(Ended { failure, ..ended }),
        }
    }
}

impl Reading {
    async fn read(&self, job: &ClaimedJob) -> Result<Ended, Error> {
        let begun = Instant::now();
        let permanent = |code: &str, message: String| Ok(Ended::failed(ErrorClass::Permanent, code, message));
        let strategy = match job.class.strategy.parse::<Strategy>() {
            Ok(strategy) => strategy,
            Err(invalid) => return permanent("unknown_strategy", invalid.to_string()),
        };
        let options = match Options::of(strategy, job.options.as_ref()) {
            Ok(options) => options,
            Err(invalid) => return permanent("options_invalid", invalid.to_string()),
        };
        let (Some(path), Some(page_count)) = (&job.storage_path, job.page_count) else {
            let message = format!("version {} has no file that can be read", job.version);
            return permanent("not_readable", message);
        };
        let mut run =
            Run::begin(&self.platform, self.lease, job, strategy, options, begun, page_count).await?;
        let ids = job.zone_ids.as_ref().map(|ids| ids.iter().copied().map(ZoneId).collect::<Vec<_>>());
        if ids.is_some() || !run.todo().is_empty() {
            let file = self.platform.store.local_file(path).instrument(stage("fetch")).await?;
            let read = match (&ids, strategy) {
                (Some(ids), _) => zones::read(&mut run, file, ids).await,
                (None, Strategy::TextLayer) => text_layer::read(&mut run, file).await,
                (None, Strategy::Ocr) => ocr::read(&mut run, file).await,
                (None, Strategy::Auto) => auto::read(&mut run, file).await,
            };
            match read {
                Ok(()) => run.store().await?,
                Err(Error::Ocr(error)) => return permanent(ocr::code(&error)?, error.to_string()),
                Err(error) => return Err(error),
            }
        }
        if ids.is_some() { zones::conclude(&run).await } else { run.conclude().await }
    }
}

/// A stage of an attempt as a span within the attempt's own.
fn stage(name: &'static str) -> Span {
    span!("stage", otel.name = name, colophon.page.number = Empty, colophon.stage.duration_ms = Empty)
}

fn stopped(error: Error) -> Stopped {
    let failure = |class, code: &str, message: String| {
        Stopped::Failed(Failure { class, code: code.to_owned(), message })
    };
    match error {
        Error::Database(e) if *e.kind() == ErrorKind::Stale => Stopped::LeaseLost,
        Error::Database(e) if *e.kind() == ErrorKind::Unavailable => Stopped::Unreachable(e.to_string()),
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
