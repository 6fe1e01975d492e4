//! What is typed to ask for jobs, and to steer them.

use clap::{Args, Subcommand};
use colophon_domain::{DocumentId, JobId, ZoneId, job_requests};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::ShowOptions;

#[derive(Debug, Subcommand)]
pub enum JobRequests {
    /// Ask for a job: to read a document, some of its pages, or some of its zones again
    Enqueue(Box<EnqueueJob>),
    /// Call jobs off, whether they wait or run; what they did stays
    Cancel(JobsNamed),
    /// Ask again for what of jobs failed or was cancelled; what is done stays done
    Retry(JobsNamed),
    /// Put jobs aside, whether they wait or run
    Pause(JobsNamed),
    /// Take up jobs that were put aside
    Resume(JobsNamed),
}

#[derive(Debug, Args)]
pub struct JobsNamed {
    /// The jobs
    #[arg(required = true, value_name = "JOB")]
    pub jobs: Vec<JobId>,
    #[command(flatten)]
    pub show: ShowOptions,
}

#[derive(Debug, Args)]
pub struct EnqueueJob {
    /// The document
    pub document: DocumentId,
    /// How to read it: a built-in strategy, or one that workers of your own know
    #[arg(long, default_value = "text-layer", value_parser = parse_strategy)]
    pub strategy: String,
    /// Only these pages: 3, 1-3 or 1-3,7
    #[arg(long, value_parser = parse_pages, value_name = "PAGES", conflicts_with = "zones")]
    pub pages: Option<Pages>,
    /// Only these zones
    #[arg(long, num_args = 1.., value_name = "ID")]
    pub zones: Vec<ZoneId>,
    /// The strategy's own settings: an object in JSON
    #[arg(long, value_parser = parse_options, value_name = "JSON")]
    pub options: Option<Map<String, Value>>,
    /// 1 is first, 4 is last
    #[arg(long, default_value_t = 2)]
    pub priority: i16,
    /// The queue
    #[arg(long, default_value = colophon_domain::DEFAULT_QUEUE)]
    pub queue: String,
    /// Not before this time: 2026-11-23T10:00:00Z
    #[arg(long, value_name = "TIME")]
    pub run_at: Option<Timestamp>,
    /// How long one attempt may take: a number with s, m, h or d, a week at most
    #[arg(long, value_parser = super::parse_ttl, value_name = "TIME")]
    pub timeout: Option<i64>,
    /// A key: where a live job of the owner has it, it is that job
    #[arg(long, value_name = "KEY")]
    pub job_key: Option<String>,
    /// Only when these jobs have ended well
    #[arg(long, num_args = 1.., value_name = "JOB")]
    pub depends_on: Vec<JobId>,
    /// Attempts at most
    #[arg(long, default_value_t = colophon_domain::MAX_ATTEMPTS)]
    pub max_attempts: i16,
    #[command(flatten)]
    pub show: ShowOptions,
}

/// Page numbers, in order.
#[derive(Debug, Clone)]
pub struct Pages(pub Vec<i32>);

pub fn parse_pages(text: &str) -> Result<Pages, String> {
    job_requests::parse_pages(text).map(Pages).map_err(|invalid| invalid.reason)
}

pub fn parse_strategy(text: &str) -> Result<String, String> {
    job_requests::check_strategy(text).map(|()| text.to_owned()).map_err(|invalid| invalid.reason)
}

pub fn parse_options(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("{text:?} is no object in JSON: {error}"))
}
