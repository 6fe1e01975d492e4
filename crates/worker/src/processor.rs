//! What a worker does with a job.

use colophon_db::queue::{ClaimedJob, Failure};
use colophon_domain::{ErrorClass, JobStatus};
use serde_json::{Value, json};

/// Does the work of some strategies.
pub trait Processor: Send + Sync + 'static {
    /// The strategies it knows.
    fn strategies(&self) -> &'static [&'static str];

    /// Works on a job. May be dropped at any await: where the lease is lost, or the program stops.
    fn process(&self, job: &ClaimedJob) -> impl Future<Output = Result<Ended, Stopped>> + Send;
}

/// How a job ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// `completed`, `partially_completed` or `failed`.
    pub status: JobStatus,
    /// Why, unless it is completed.
    pub failure: Option<Failure>,
    /// What was measured.
    pub metrics: Value,
}

impl Ended {
    /// A job that cannot be done.
    pub fn failed(class: ErrorClass, code: &str, message: String) -> Self {
        let failure = Failure { class, code: code.to_owned(), message };
        Self { status: JobStatus::Failed, failure: Some(failure), metrics: json!({}) }
    }
}

/// Why a job could not be brought to an end.
#[derive(Debug)]
pub enum Stopped {
    /// The attempt failed.
    Failed(Failure),
    /// The attempt did a part; the rest may be done by another.
    InPart {
        /// Why not all.
        failure: Failure,
        /// What was measured.
        metrics: Value,
    },
    /// Somebody else has the job now.
    LeaseLost,
    /// The database went away: no doing of the job's, and no attempt of it. It is handed back.
    Unreachable(String),
}
