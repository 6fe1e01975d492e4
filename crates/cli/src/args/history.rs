//! What is typed to look into the history of zones, and to undo what was done.

use clap::{ArgGroup, Subcommand};
use colophon_domain::{AsOf, ChangeKind, DocumentId, JobId, ZoneId};
use jiff::Timestamp;

use super::{ListOptions, ShowOptions};

#[derive(Debug, Subcommand)]
pub enum History {
    /// What was done to a zone, also to one that is gone, the newest first
    #[command(name = "history")]
    OfZone {
        /// The document
        document: DocumentId,
        /// The zone
        zone: ZoneId,
        #[command(flatten)]
        list: ListOptions,
    },
    /// What was done to the zones of a document, the newest first
    Changes {
        /// The document
        document: DocumentId,
        /// Only by this run
        #[arg(long, value_name = "ID")]
        job: Option<JobId>,
        /// Only in this person's name
        #[arg(long, value_name = "UUID")]
        person: Option<String>,
        /// Only of this kind: edit, run, import, resolve or undo
        #[arg(long, value_parser = parse_kind)]
        kind: Option<ChangeKind>,
        /// Only from this time on: 2026-11-23T10:00:00Z
        #[arg(long, value_name = "TIME")]
        since: Option<Timestamp>,
        #[command(flatten)]
        list: ListOptions,
    },
    /// What differs between two points of a document's history, in words
    Diff {
        /// The document
        document: DocumentId,
        /// The one: a revision or a time
        #[arg(value_parser = parse_point)]
        from: AsOf,
        /// The other
        #[arg(value_parser = parse_point)]
        to: AsOf,
        #[command(flatten)]
        list: ListOptions,
    },
    /// Undo changes: what nobody changed later is as it was before them. An undoing can be undone itself
    #[command(group = ArgGroup::new("what").required(true))]
    Undo {
        /// The document
        document: DocumentId,
        /// This change; several times for more
        #[arg(long, group = "what", value_name = "N")]
        revision: Vec<i64>,
        /// Everything by this run
        #[arg(long, group = "what", value_name = "ID")]
        job: Option<JobId>,
        /// Everything by this person, from --since on
        #[arg(long, group = "what", requires = "since", value_name = "UUID")]
        person: Option<String>,
        /// From this time on: 2026-11-23T10:00:00Z
        #[arg(long, conflicts_with_all = ["revision", "job"], requires = "person", value_name = "TIME")]
        since: Option<Timestamp>,
        /// Why; it is on record
        #[arg(long)]
        reason: Option<String>,
        /// Only tell what it would do
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        show: ShowOptions,
    },
}

fn parse_kind(text: &str) -> Result<ChangeKind, String> {
    text.parse().map_err(|invalid: colophon_domain::Invalid| invalid.reason)
}

fn parse_point(text: &str) -> Result<AsOf, String> {
    text.parse().map_err(|invalid: colophon_domain::Invalid| invalid.reason)
}
