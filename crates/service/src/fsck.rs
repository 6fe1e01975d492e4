//! Whether rows and objects agree. Nothing is believed at first sight: uploads and purges go on meanwhile, so what looks
//! wrong is looked at again a moment later, in the order in which it would be right, before it is reported.
//!
//! Memory stays flat, however much there is: the store's sorted list is walked beside the ledger in the same order,
//! and findings are handed on as they are made. The content of files is verified for those not looked at for longest,
//! until the budget is used up; the ledger remembers.

pub mod checks;
mod contents;
mod objects;
mod relink;
mod rows;
mod zones;

use std::time::Duration;

use colophon_db::fsck::Ages;
use colophon_db::{SystemScope, Tx};
use colophon_domain::DocumentId;

pub use checks::{CHECKS, Check, Severity};

use crate::{Error, Platform, sweep};

/// After this time, what looked wrong is looked at again.
const MOMENT: Duration = Duration::from_millis(250);

/// What is looked at, and what is done about it.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Mend what can be mended without losing anything.
    pub repair: bool,
    /// Bytes of content to verify; one file more may be begun with the last of them.
    pub budget: u64,
    /// What is younger may be under way, or wait for the sweeper.
    pub min_age: Duration,
}

/// Something that does not agree.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which check found it.
    pub check: &'static Check,
    /// The whole name of what is wrong: of an object, a document, a version, a row.
    pub key: String,
    /// The document it is about.
    pub document_id: Option<DocumentId>,
    /// In words.
    pub detail: String,
    /// It was mended.
    pub repaired: bool,
}

/// What is told while the check runs.
#[derive(Debug)]
pub enum Event {
    /// Something does not agree.
    Finding(Finding),
    /// How far it is.
    Progress {
        /// What is looked at.
        phase: Phase,
        /// How much of it was.
        done: u64,
        /// How much there is, about.
        total: u64,
    },
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Rows beside rows; counted in checks.
    Rows,
    /// Zones beside their history; counted in documents.
    Zones,
    /// Objects beside the ledger; counted in entries of the ledger.
    Objects,
    /// The content of files; counted in bytes.
    Contents,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Summary {
    /// What is wrong and was not mended.
    pub findings: u64,
    /// What was wrong and was mended.
    pub repaired: u64,
    /// Notes.
    pub notes: u64,
    /// Objects in the store.
    pub objects: u64,
    /// Objects in the ledger.
    pub ledger: u64,
    /// Files whose content was verified.
    pub verified_files: u64,
    /// Their bytes.
    pub verified_bytes: u64,
}

/// Who is told.
pub type Report<'a> = &'a mut (dyn FnMut(Event) + Send);

/// Checks everything.
///
/// # Errors
/// The database or the store fails: then nothing is known, whatever was reported before.
pub async fn run(
    platform: &Platform,
    sweep: &sweep::Config,
    options: &Options,
    report: Report<'_>,
) -> Result<Summary, Error> {
    let mut run = Run { platform, sweep, options, report, summary: Summary::default() };
    let totals = run.begin().await?.fsck().totals().await?;
    run.rows().await?;
    run.zones(totals.documents).await?;
    run.objects(totals.objects).await?;
    run.contents(&totals).await?;
    Ok(run.summary)
}

struct Run<'a> {
    platform: &'a Platform,
    sweep: &'a sweep::Config,
    options: &'a Options,
    report: Report<'a>,
    summary: Summary,
}

impl Run<'_> {
    async fn begin(&self) -> Result<Tx<SystemScope>, Error> {
        Ok(self.platform.database.session(&SystemScope::new()).begin().await?)
    }

    fn ages(&self) -> Ages {
        Ages {
            overdue: self.options.min_age.as_secs_f64(),
            release_grace: self.sweep.release_grace.as_secs_f64(),
            trash_retention: self.sweep.trash_retention.map(|retention| retention.as_secs_f64()),
        }
    }

    fn found(&mut self, finding: Finding) {
        let count = match (finding.check.severity, finding.repaired) {
            (Severity::Note, _) => &mut self.summary.notes,
            (Severity::Finding, true) => &mut self.summary.repaired,
            (Severity::Finding, false) => &mut self.summary.findings,
        };
        *count += 1;
        (self.report)(Event::Finding(finding));
    }

    fn progress(&mut self, phase: Phase, done: u64, total: u64) {
        (self.report)(Event::Progress { phase, done, total });
    }
}
