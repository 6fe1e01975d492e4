//! Jobs: the record of what was asked, and what became of it.

use colophon_domain::{
    Attempt, Cursor, DocumentId, HistoryEntry, Job, JobFilter, JobId, JobPage, JobStatus, List, NewJob,
    PageOutcome,
};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::documents::part_of;
use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, SystemScope, Tx};

/// The queue that built-in strategies use.
pub const DEFAULT_QUEUE: &str = "default";

/// Jobs that the scope may see.
pub struct Jobs<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Jobs.
    pub fn jobs(&self) -> Jobs<'_, S> {
        Jobs(self)
    }
}

impl<S: Scope> Jobs<'_, S> {
    /// Records a job and makes it live, in this transaction. Commit with [`Tx::commit_and_wake`].
    pub async fn enqueue(&self, new: &NewJob) -> Result<()> {
        let options = Value::Object(new.options.clone());
        self.0
            .execute(
                statement!("jobs/insert"),
                &[
                    &new.document_id.0,
                    &new.id.0,
                    &new.strategy.as_str(),
                    &options,
                    &new.version,
                    &DEFAULT_QUEUE,
                    &new.priority,
                    &new.total_pages,
                    &new.created_by,
                ],
            )
            .await?;
        self.0
            .execute(
                statement!("jobs/enqueue"),
                &[&new.id.0, &new.document_id.0, &DEFAULT_QUEUE, &new.strategy.as_str(), &new.priority],
            )
            .await?;
        Ok(())
    }

    /// One job, if the scope may see it.
    pub async fn get(&self, id: JobId) -> Result<Option<Job>> {
        self.0.query_opt(statement!("jobs/get"), &[&id.0]).await?.as_ref().map(decode).transpose()
    }

    /// One job; an error where there is none for this scope.
    pub async fn require(&self, id: JobId) -> Result<Job> {
        self.get(id).await?.ok_or_else(|| Error::new(ErrorKind::NotFound, "jobs/get", format!("no job {id}")))
    }

    /// Jobs, newest first; `limit` at most.
    pub async fn list(&self, filter: &JobFilter, after: Option<Cursor>, limit: u16) -> Result<List<Job>> {
        let status = filter.status.map(JobStatus::as_str);
        let (time, id) = (after.map(|cursor| cursor.created_at), after.map(|cursor| cursor.id));
        let most = i64::from(limit) + 1;
        let rows = match (filter.document_id, self.0.person()) {
            (None, Some(person)) => {
                let params: Params<'_> = &[&status, &time, &id, &most, &person];
                self.0.query_planned(statement!("jobs/list_for_person"), params).await?
            }
            (document, _) => {
                if let Some(document) = document {
                    self.0.reading(document);
                }
                let params: Params<'_> = &[&status, &document.map(|id| id.0), &time, &id, &most];
                self.0.query_planned(statement!("jobs/list"), params).await?
            }
        };
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |j| Cursor { created_at: j.created_at, id: j.id.0 }))
    }

    /// How many of these jobs have not ended.
    pub async fn live(&self, ids: &[JobId]) -> Result<i64> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        column(&self.0.query_one(statement!("jobs/live"), &[&ids]).await?, "live")
    }

    /// The outcome of each page so far, in order.
    pub async fn pages(&self, document: DocumentId, job: JobId) -> Result<Vec<JobPage>> {
        self.0
            .reading(document)
            .query(statement!("jobs/pages"), &[&document.0, &job.0])
            .await?
            .iter()
            .map(decode_page)
            .collect()
    }

    /// Attempts that ended, first to last.
    pub async fn attempts(&self, document: DocumentId, job: JobId) -> Result<Vec<Attempt>> {
        self.0
            .reading(document)
            .query(statement!("jobs/attempts"), &[&document.0, &job.0])
            .await?
            .iter()
            .map(decode_attempt)
            .collect()
    }

    /// What happened to a job, first to last.
    pub async fn history(&self, document: DocumentId, job: JobId) -> Result<Vec<HistoryEntry>> {
        self.0
            .reading(document)
            .query(statement!("jobs/history"), &[&document.0, &job.0])
            .await?
            .iter()
            .map(decode_history)
            .collect()
    }
}

impl Jobs<'_, SystemScope> {
    /// Records how some pages ended and the job's progress with them.
    pub async fn record_pages(&self, document: DocumentId, job: JobId, pages: &[JobPage]) -> Result<()> {
        let Some(attempt) = pages.first().map(|p| p.attempt) else { return Ok(()) };
        let numbers: Vec<i32> = pages.iter().map(|p| p.page_number).collect();
        let (mut outcomes, mut counts, mut codes, mut messages) = (vec![], vec![], vec![], vec![]);
        for page in pages {
            let (outcome, count, code, message) = match &page.outcome {
                PageOutcome::Completed { zone_count } => ("completed", *zone_count, None, None),
                PageOutcome::Failed { code, message } => {
                    ("failed", 0, Some(code.as_str()), Some(message.as_str()))
                }
            };
            outcomes.push(outcome);
            counts.push(count);
            codes.push(code);
            messages.push(message);
        }
        let durations: Vec<Option<i32>> = pages.iter().map(|p| p.duration_ms).collect();
        self.0
            .execute(
                statement!("jobs/record_pages"),
                &[&document.0, &job.0, &attempt, &numbers, &outcomes, &counts, &codes, &messages, &durations],
            )
            .await?;
        Ok(())
    }
}

fn decode(row: &Row) -> Result<Job> {
    Ok(Job {
        document_id: DocumentId(column(row, "document_id")?),
        id: JobId(column(row, "id")?),
        status: column(row, "status")?,
        strategy: column(row, "strategy")?,
        started_at: column(row, "started_at")?,
        completed_at: column(row, "completed_at")?,
        progress: column(row, "progress")?,
        current_zone_id: column(row, "current_zone_id")?,
        total_zones: column(row, "total_zones")?,
        completed_zones: column(row, "completed_zones")?,
        error_count: column(row, "error_count")?,
        options: column(row, "options")?,
        metrics: column(row, "metrics")?,
        created_at: column(row, "created_at")?,
        updated_at: column(row, "updated_at")?,
        version: column(row, "version")?,
        queue: column(row, "queue")?,
        priority: column(row, "priority")?,
        attempt: column(row, "attempt")?,
        max_attempts: column(row, "max_attempts")?,
        total_pages: column(row, "total_pages")?,
        completed_pages: column(row, "completed_pages")?,
        error_code: column(row, "error_code")?,
        error_message: column(row, "error_message")?,
        created_by: column(row, "created_by")?,
    })
}

fn decode_page(row: &Row) -> Result<JobPage> {
    let outcome: String = column(row, "outcome")?;
    let text = |name| column::<Option<String>>(row, name).map(Option::unwrap_or_default);
    Ok(JobPage {
        page_number: column(row, "page_number")?,
        outcome: if outcome == "completed" {
            PageOutcome::Completed { zone_count: column(row, "zone_count")? }
        } else {
            PageOutcome::Failed { code: text("error_code")?, message: text("error_message")? }
        },
        attempt: column(row, "attempt")?,
        duration_ms: column(row, "duration_ms")?,
    })
}

fn decode_attempt(row: &Row) -> Result<Attempt> {
    Ok(Attempt {
        attempt: column(row, "attempt")?,
        lease_seq: column(row, "lease_seq")?,
        outcome: column(row, "outcome")?,
        worker: column(row, "worker")?,
        started_at: column(row, "started_at")?,
        finished_at: column(row, "finished_at")?,
        error_class: column(row, "error_class")?,
        error_code: column(row, "error_code")?,
        error_message: column(row, "error_message")?,
        metrics: column(row, "metrics")?,
    })
}

fn decode_history(row: &Row) -> Result<HistoryEntry> {
    Ok(HistoryEntry {
        id: column(row, "id")?,
        action: column(row, "action")?,
        status: column(row, "status")?,
        details: column(row, "details")?,
        error_message: column(row, "error_message")?,
        duration_ms: column(row, "duration_ms")?,
        created_at: column(row, "created_at")?,
    })
}
