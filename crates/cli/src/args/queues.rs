//! What is typed about queues as a whole.

use clap::Subcommand;
use colophon_domain::{Invalid, LimitKind};

use super::ShowOptions;

#[derive(Debug, Subcommand)]
pub enum Queues {
    /// What waits in each queue, by strategy, and which are paused
    List {
        #[command(flatten)]
        show: ShowOptions,
    },
    /// Claim nothing of a queue any more; what runs goes on
    Pause {
        /// The queue
        queue: String,
        /// Why; it is on record
        #[arg(long)]
        reason: Option<String>,
    },
    /// Claim the queue's jobs again
    Resume {
        /// The queue
        queue: String,
    },
    /// List how many jobs may run at once
    Limits {
        #[command(flatten)]
        show: ShowOptions,
    },
    /// Set how many jobs of a strategy, or of an owner, may run at once, over all workers
    Limit {
        /// strategy or owner
        #[arg(value_parser = parse_kind)]
        kind: LimitKind,
        /// The strategy, or a person's UUID; `default` for each that has no limit of its own
        name: String,
        /// So many at most; 0 for none at all
        max_running: i32,
    },
    /// Take a limit away
    Unlimit {
        /// strategy or owner
        #[arg(value_parser = parse_kind)]
        kind: LimitKind,
        /// The strategy, or a person's UUID; `default` for each that has no limit of its own
        name: String,
    },
}

fn parse_kind(text: &str) -> Result<LimitKind, String> {
    text.parse().map_err(|invalid: Invalid| invalid.reason)
}
