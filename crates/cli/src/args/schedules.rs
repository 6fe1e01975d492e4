//! What is typed about schedules of recurring jobs.

use clap::{Args, Subcommand};
use colophon_domain::{DocumentId, ScheduleId};
use serde_json::{Map, Value};

use super::ShowOptions;
use super::job_requests::{Pages, parse_options, parse_pages, parse_strategy};

#[derive(Debug, Subcommand)]
pub enum Schedules {
    /// List the schedules of a document
    List {
        /// The document
        document: DocumentId,
        #[command(flatten)]
        show: ShowOptions,
    },
    /// Have a document processed again and again
    Create(Box<CreateSchedule>),
    /// Make no jobs any more; those that are there go on
    Pause(ScheduleNamed),
    /// Make jobs again, from the next time on
    Resume(ScheduleNamed),
    /// Take a schedule away; its jobs stay
    Delete {
        /// The document
        document: DocumentId,
        /// The schedule
        schedule: ScheduleId,
    },
}

#[derive(Debug, Args)]
pub struct ScheduleNamed {
    /// The document
    pub document: DocumentId,
    /// The schedule
    pub schedule: ScheduleId,
    #[command(flatten)]
    pub show: ShowOptions,
}

#[derive(Debug, Args)]
pub struct CreateSchedule {
    /// The document
    pub document: DocumentId,
    /// When: minute, hour, day of month, month and day of week, such as "30 2 * * 1-5"; or @hourly, @daily, @weekly, @monthly
    pub cron: String,
    /// Where these hours are counted: a name of the IANA database, such as Europe/Berlin
    #[arg(long, default_value = "UTC", value_name = "ZONE")]
    pub time_zone: String,
    /// A name, for people
    #[arg(long)]
    pub name: Option<String>,
    /// How to read the document: a built-in strategy, or one that workers of your own know
    #[arg(long, default_value = "text-layer", value_parser = parse_strategy)]
    pub strategy: String,
    /// Only these pages: 3, 1-3 or 1-3,7
    #[arg(long, value_parser = parse_pages, value_name = "PAGES")]
    pub pages: Option<Pages>,
    /// The strategy's own settings: an object in JSON
    #[arg(long, value_parser = parse_options, value_name = "JSON")]
    pub options: Option<Map<String, Value>>,
    /// 1 is first, 4 is last
    #[arg(long, default_value_t = 2)]
    pub priority: i16,
    /// The queue
    #[arg(long, default_value = colophon_domain::DEFAULT_QUEUE)]
    pub queue: String,
    /// How long one attempt may take: a number with s, m, h or d, a week at most
    #[arg(long, value_parser = super::parse_ttl, value_name = "TIME")]
    pub timeout: Option<i64>,
    /// Attempts at most
    #[arg(long, default_value_t = colophon_domain::MAX_ATTEMPTS)]
    pub max_attempts: i16,
    /// Make it, and do not run it yet
    #[arg(long)]
    pub paused: bool,
    #[command(flatten)]
    pub show: ShowOptions,
}
