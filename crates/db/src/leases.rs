//! What holders of leases ask of the queue besides: where their jobs stand, and what of them is done.

use std::collections::{HashMap, HashSet};

use colophon_domain::{DocumentId, JobId, ZoneId};
use uuid::Uuid;

use crate::Result;
use crate::queue::{Lease, Queue, leases};
use crate::session::column;
use crate::statement::statement;

/// Where a job stands of which somebody names a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its document.
    pub document_id: DocumentId,
    /// The job's status now.
    pub status: String,
    /// Whether the lease is in force.
    pub is_held: bool,
    /// How the attempt under this lease ended, as in `processing_attempts`; `None` where it did not.
    pub outcome: Option<String>,
    /// The stable name of its failure.
    pub error_code: Option<String>,
}

/// What of a job is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Pages, in order.
    pub pages: Vec<i32>,
    /// Zones that it names.
    pub zones: Vec<ZoneId>,
}

impl Queue<'_> {
    /// Where the jobs of these leases stand. What is missing does not exist.
    pub async fn standing(&self, of: &[Lease]) -> Result<HashMap<Lease, Standing>> {
        let (jobs, fences) = leases(of);
        let rows = self.tx().query(statement!("queue/standing"), &[&jobs, &fences]).await?;
        rows.iter()
            .map(|row| {
                let lease =
                    Lease { job_id: JobId(column(row, "job_id")?), lease_seq: column(row, "lease_seq")? };
                let standing = Standing {
                    document_id: DocumentId(column(row, "document_id")?),
                    status: column(row, "status")?,
                    is_held: column(row, "is_held")?,
                    outcome: column(row, "outcome")?,
                    error_code: column(row, "error_code")?,
                };
                Ok((lease, standing))
            })
            .collect()
    }

    /// What earlier attempts did of these jobs.
    pub async fn done(&self, jobs: &[(DocumentId, JobId)]) -> Result<HashMap<JobId, Done>> {
        let (documents, ids): (Vec<Uuid>, Vec<Uuid>) =
            jobs.iter().map(|(document, job)| (document.0, job.0)).unzip();
        let rows = self.tx().query(statement!("queue/done"), &[&documents, &ids]).await?;
        rows.iter()
            .map(|row| {
                let zones: Vec<Uuid> = column(row, "zones")?;
                let zones = zones.into_iter().map(ZoneId).collect();
                Ok((JobId(column(row, "job_id")?), Done { pages: column(row, "pages")?, zones }))
            })
            .collect()
    }

    /// Which of the jobs in hand end as their pages or zones did.
    pub async fn by_units(&self, of: &[Lease]) -> Result<HashSet<JobId>> {
        let (jobs, fences) = leases(of);
        let rows = self.tx().query(statement!("queue/by_units"), &[&jobs, &fences]).await?;
        rows.iter().map(|row| Ok(JobId(column(row, "job_id")?))).collect()
    }
}
