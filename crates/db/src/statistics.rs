//! What attempts took, over the documents that the scope may see; and how the live queue stands.
//!
//! The platform counts the hours that are over once ([`Statistics::count`]) and reads attempts of later hours only; what it
//! has counted outlives the attempts.

use colophon_domain::{StatisticsBy, StatisticsRow};
pub use colophon_metrics::QueueDepth;
use jiff::Timestamp;
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, SystemScope, Tx};

/// What attempts took.
pub struct Statistics<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// What attempts took.
    pub fn statistics(&self) -> Statistics<'_, S> {
        Statistics(self)
    }
}

impl<S: Scope> Statistics<'_, S> {
    /// Attempts that ended from `since` until `until`, both of which are the beginning of an hour.
    pub async fn read(
        &self,
        since: Timestamp,
        until: Timestamp,
        by: StatisticsBy,
    ) -> Result<Vec<StatisticsRow>> {
        let StatisticsBy { day, strategy, error } = by;
        let statement = statement!("statistics/read");
        let rows = self.0.query(statement, &[&since, &until, &day, &strategy, &error]).await?;
        rows.iter().map(decode).collect()
    }
}

impl Statistics<'_, SystemScope> {
    /// Counts hours that are over, a day of them at most. Gives until when attempts have been counted now; `None`: there was
    /// nothing to count, or somebody else is at it. To be committed by itself.
    pub async fn count(&self) -> Result<Option<Timestamp>> {
        let Some(due) = self.0.query_opt(statement!("statistics/due"), &[]).await? else { return Ok(None) };
        let (since, until): (Timestamp, Timestamp) = (column(&due, "since")?, column(&due, "until")?);
        // Hours that were counted before, as by a restored backup, are counted anew and not twice.
        self.0.execute(statement!("statistics/forget"), &[&since, &until]).await?;
        self.0.execute(statement!("statistics/count"), &[&since, &until]).await?;
        self.0.execute(statement!("statistics/days"), &[&since, &until]).await?;
        self.0.execute(statement!("statistics/advance"), &[&until]).await?;
        Ok(Some(until))
    }

    /// How the live queue stands.
    pub async fn queue(&self) -> Result<Vec<QueueDepth>> {
        let rows = self.0.query(statement!("statistics/queue"), &[]).await?;
        rows.iter()
            .map(|row| {
                Ok(QueueDepth {
                    queue: column(row, "queue")?,
                    state: column(row, "state")?,
                    jobs: column(row, "jobs")?,
                    oldest_seconds: column(row, "oldest_seconds")?,
                })
            })
            .collect()
    }
}

fn decode(row: &Row) -> Result<StatisticsRow> {
    let count = |name| {
        let count: i64 = column(row, name)?;
        let refuse = |_| Error::new(ErrorKind::Corrupt, "statistics/read", format!("{name} is {count}"));
        u64::try_from(count).map_err(refuse)
    };
    Ok(StatisticsRow {
        day: column(row, "day")?,
        strategy: column(row, "strategy")?,
        outcome: column(row, "outcome")?,
        error_class: column(row, "error_class")?,
        error_code: column(row, "error_code")?,
        stage: column(row, "stage")?,
        bucket: usize::try_from(column::<i32>(row, "bucket")?).unwrap_or(0),
        observations: count("observations")?,
        microseconds: count("microseconds")?,
        longest: count("longest")?,
        pages: count("pages")?,
        pages_failed: count("pages_failed")?,
    })
}
