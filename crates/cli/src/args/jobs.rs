//! `colophon jobs`.

use clap::Subcommand;
use colophon_domain::{DocumentId, JobId, JobStatus};

use super::{JobReports, JobRequests, ListOptions, ShowOptions};

#[derive(Debug, Subcommand)]
pub enum Jobs {
    /// List jobs, newest first
    List {
        /// Only this status
        #[arg(long)]
        status: Option<JobStatus>,
        /// Only of this document
        #[arg(long)]
        document: Option<DocumentId>,
        #[command(flatten)]
        list: ListOptions,
    },
    /// Show one job, its pages, attempts and history
    Show {
        /// The job
        job: JobId,
        #[command(flatten)]
        show: ShowOptions,
    },
    #[command(flatten)]
    Report(JobReports),
    #[command(flatten)]
    Ask(JobRequests),
    /// Watch a job to its end, or all jobs until Ctrl-C
    ///
    /// Exit code: 0 when the job is completed, 3 when it is completed in part, 1 when it failed or was cancelled.
    Watch {
        /// The job; all jobs without it
        job: Option<JobId>,
        /// One line of JSON for each event
        #[arg(long)]
        json: bool,
    },
}
