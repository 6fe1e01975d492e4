//! What is typed to see how corrections came through runs, and to settle what waits.

use clap::Subcommand;
use colophon_domain::{DocumentId, Keep, Outcome};

use super::{ListOptions, ShowOptions};

#[derive(Debug, Subcommand)]
pub enum Outcomes {
    /// List how corrections came through runs
    Outcomes {
        /// The document
        document: DocumentId,
        /// Only what waits for a person
        #[arg(long)]
        open: bool,
        /// Only this one: kept, moved, split, merged, conflict, orphaned
        #[arg(long)]
        outcome: Option<Outcome>,
        #[command(flatten)]
        list: ListOptions,
    },
    /// Settle what a run left open
    Resolve {
        /// The document
        document: DocumentId,
        /// The outcome
        outcome: uuid::Uuid,
        /// Whose side: yours (people's work stays), theirs (the run's word), candidates (the run's zones)
        #[arg(long)]
        keep: Keep,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        show: ShowOptions,
    },
}
