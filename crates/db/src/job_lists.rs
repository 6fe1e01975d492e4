//! Lists of jobs, newest first. No index holds a job's status, so that work on it moves none: jobs that live are looked up in
//! the queue where they are few, those that did not end well in a table of their own, and all others are walked by time,
//! where they are most.

use colophon_domain::{Cursor, Job, JobFilter, JobStatus, List};

use crate::documents::part_of;
use crate::jobs::{Jobs, decode};
use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Result, Scope};

/// So many live jobs are sorted in less time than the jobs are walked until a part is full.
const FEW: i64 = 1_000;

impl<S: Scope> Jobs<'_, S> {
    /// Jobs, newest first; `limit` at most.
    pub async fn list(&self, filter: &JobFilter, after: Option<Cursor>, limit: u16) -> Result<List<Job>> {
        let status = filter.status.map(JobStatus::as_str);
        let (time, id) = (after.map(|cursor| cursor.created_at), after.map(|cursor| cursor.id));
        let most = i64::from(limit) + 1;
        let person = self.0.person();
        let rows = match (filter.document_id, filter.status, &person) {
            (Some(document), ..) => {
                self.0.reading(document);
                let params: Params<'_> = &[&status, &Some(document.0), &time, &id, &most];
                self.0.query_planned(statement!("jobs/list"), params).await?
            }
            (None, Some(asked), person) if is_incomplete(asked) => match person {
                Some(person) => {
                    let params: Params<'_> = &[&asked.as_str(), &time, &id, &most, person];
                    self.0.query_planned(statement!("jobs/list_incomplete_for_person"), params).await?
                }
                None => {
                    let params: Params<'_> = &[&asked.as_str(), &time, &id, &most];
                    self.0.query_planned(statement!("jobs/list_incomplete"), params).await?
                }
            },
            (None, Some(asked), _) if !asked.is_final() && self.is_few(asked).await? => {
                let params: Params<'_> = &[&asked.as_str(), &time, &id, &most, &(FEW + 1)];
                self.0.query_planned(statement!("jobs/list_live"), params).await?
            }
            (None, _, Some(person)) => {
                let params: Params<'_> = &[&status, &time, &id, &most, person];
                self.0.query_planned(statement!("jobs/list_for_person"), params).await?
            }
            (None, _, None) => {
                let params: Params<'_> = &[&status, &None::<uuid::Uuid>, &time, &id, &most];
                self.0.query_planned(statement!("jobs/list"), params).await?
            }
        };
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |j| Cursor { created_at: j.created_at, id: j.id.0 }))
    }

    async fn is_few(&self, status: JobStatus) -> Result<bool> {
        let row = self.0.query_one(statement!("jobs/count_live"), &[&status.as_str(), &(FEW + 1)]).await?;
        Ok(column::<i64>(&row, "count")? <= FEW)
    }
}

fn is_incomplete(status: JobStatus) -> bool {
    matches!(status, JobStatus::PartiallyCompleted | JobStatus::Failed | JobStatus::Cancelled)
}
