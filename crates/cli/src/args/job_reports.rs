//! `colophon jobs statistics|prune`.

use clap::Subcommand;
use colophon_domain::StatisticsBy;

use super::parse_age;

#[derive(Debug, Subcommand)]
pub enum JobReports {
    /// Show what attempts took: by day, strategy or error
    Statistics {
        /// From this day or time on (UTC); 30 days unless said
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Until this day or time
        #[arg(long, value_name = "TIME")]
        to: Option<String>,
        /// day, strategy, error, or several with commas between
        #[arg(long, default_value = "day,strategy", value_parser = parse_by)]
        by: StatisticsBy,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete jobs that ended long ago, with their attempts, page outcomes and history. A document's newest job stays, and
    /// so do statistics
    Prune {
        /// What ended longer ago than that: a number with s, m, h or d
        #[arg(long, value_parser = parse_age, value_name = "TIME")]
        older_than: std::time::Duration,
        /// Only count them
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

fn parse_by(text: &str) -> Result<StatisticsBy, String> {
    text.parse().map_err(|invalid: colophon_domain::Invalid| invalid.reason)
}
