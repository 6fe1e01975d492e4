//! How many jobs of a strategy, or of an owner, may run at once. Set by the platform.

use colophon_domain::{JobLimit, LimitKind};
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, SystemScope, Tx};

/// Limits on what runs.
pub struct JobLimits<'t>(&'t Tx<SystemScope>);

impl Tx<SystemScope> {
    /// Limits on what runs.
    pub fn job_limits(&self) -> JobLimits<'_> {
        JobLimits(self)
    }
}

impl JobLimits<'_> {
    /// Every limit.
    pub async fn list(&self) -> Result<Vec<JobLimit>> {
        self.0.query(statement!("job_limits/list"), &[]).await?.iter().map(decode).collect()
    }

    /// One limit; `*` is the name of each that has none of its own.
    pub async fn get(&self, kind: LimitKind, name: &str) -> Result<Option<JobLimit>> {
        let row = self.0.query_opt(statement!("job_limits/get"), &[&kind.as_str(), &name]).await?;
        row.as_ref().map(decode).transpose()
    }

    /// Sets a limit. Commit with [`Tx::commit_and_wake`].
    pub async fn set(&self, limit: &JobLimit) -> Result<()> {
        self.0.execute(statement!("job_limits/set"), &[&limit.kind, &limit.name, &limit.max_running]).await?;
        Ok(())
    }

    /// Takes a limit away; `false` where there was none. Commit with [`Tx::commit_and_wake`].
    pub async fn remove(&self, kind: LimitKind, name: &str) -> Result<bool> {
        Ok(self.0.execute(statement!("job_limits/remove"), &[&kind.as_str(), &name]).await? > 0)
    }
}

fn decode(row: &Row) -> Result<JobLimit> {
    Ok(JobLimit {
        kind: column(row, "kind")?,
        name: column(row, "name")?,
        max_running: column(row, "max_running")?,
    })
}
