//! What is told of jobs while they go on: transitions, how far they are, and to whom.

use std::collections::HashMap;

use colophon_domain::{Cursor, DocumentId, JobId, Progress, Transition};
use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, SystemScope, Tx};

/// What is told of jobs.
pub struct Events<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// What is told of jobs.
    pub fn events(&self) -> Events<'_, S> {
        Events(self)
    }
}

/// How far a job is, and who may see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// How far it is.
    pub progress: Progress,
    /// The people who may see its document, as rows name them.
    pub people: Vec<String>,
}

/// Until when everything is known that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// When this was asked.
    pub now: Timestamp,
    /// The oldest transaction that was in hand.
    pub in_hand: i64,
    /// The transaction that asked: what has a higher number began later.
    pub own: i64,
}

/// Which transitions are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replay<'a> {
    /// Of this document alone.
    pub document_id: Option<DocumentId>,
    /// To this status alone.
    pub status: Option<&'a str>,
    /// At most so many.
    pub limit: i64,
}

impl<S: Scope> Events<'_, S> {
    /// What happened to a job after a place in its history, first to last; `limit` at most.
    pub async fn of_job(
        &self,
        document: DocumentId,
        job: JobId,
        after: Cursor,
        limit: i64,
    ) -> Result<Vec<Transition>> {
        self.0.reading(document);
        self.transitions(&[(document, job, after)], limit).await
    }

    /// What happened after a place in the history of all jobs that the scope may see, first to last.
    pub async fn replay(&self, after: Cursor, wanted: Replay<'_>) -> Result<Vec<Transition>> {
        let (time, id) = (after.created_at, after.id);
        let Replay { document_id, status, limit } = wanted;
        let rows = match (document_id, self.0.person()) {
            (None, Some(person)) => {
                let params: Params<'_> = &[&time, &id, &status, &limit, &person];
                self.0.query_planned(statement!("events/replay_for_person"), params).await?
            }
            (document, _) => {
                if let Some(document) = document {
                    self.0.reading(document);
                }
                let params: Params<'_> = &[&time, &id, &document.map(|id| id.0), &status, &limit];
                self.0.query_planned(statement!("events/replay"), params).await?
            }
        };
        rows.iter().map(decode).collect()
    }

    async fn transitions(&self, jobs: &[(DocumentId, JobId, Cursor)], limit: i64) -> Result<Vec<Transition>> {
        let documents: Vec<Uuid> = jobs.iter().map(|(document, ..)| document.0).collect();
        let ids: Vec<Uuid> = jobs.iter().map(|(_, job, _)| job.0).collect();
        let times: Vec<Timestamp> = jobs.iter().map(|(.., after)| after.created_at).collect();
        let after: Vec<Uuid> = jobs.iter().map(|(.., after)| after.id).collect();
        self.0
            .query(statement!("events/transitions"), &[&documents, &ids, &times, &after, &limit])
            .await?
            .iter()
            .map(decode)
            .collect()
    }
}

impl Events<'_, SystemScope> {
    /// How far these jobs are, and who may see each. What is gone is left out.
    pub async fn progress(&self, jobs: &[JobId]) -> Result<Vec<Seen>> {
        let jobs: Vec<Uuid> = jobs.iter().map(|job| job.0).collect();
        self.0.query(statement!("events/progress"), &[&jobs]).await?.iter().map(decode_seen).collect()
    }

    /// The jobs that are worked on now; a thousand at most.
    pub async fn running(&self) -> Result<Vec<JobId>> {
        let rows = self.0.query(statement!("events/running"), &[]).await?;
        rows.iter().map(|row| Ok(JobId(column(row, "job_id")?))).collect()
    }

    /// Who may see these documents, as rows name people. The policies decide; a test compares.
    pub async fn people(&self, documents: &[DocumentId]) -> Result<HashMap<DocumentId, Vec<String>>> {
        let documents: Vec<Uuid> = documents.iter().map(|document| document.0).collect();
        let rows = self.0.query(statement!("events/people"), &[&documents]).await?;
        rows.iter().map(|row| Ok((DocumentId(column(row, "document_id")?), column(row, "people")?))).collect()
    }

    /// What happened to each of these jobs after a place in its history, first to last; `limit` at most of each.
    pub async fn of_jobs(&self, jobs: &[(DocumentId, JobId, Cursor)], limit: i64) -> Result<Vec<Transition>> {
        self.transitions(jobs, limit).await
    }

    /// What happened to any job after a place in the history of all, first to last.
    pub async fn tail(&self, after: Cursor, limit: i64) -> Result<Vec<Transition>> {
        let params: Params<'_> = &[&after.created_at, &after.id, &limit];
        self.0.query_planned(statement!("events/tail"), params).await?.iter().map(decode).collect()
    }

    /// Until when everything is known that this transaction can see.
    pub async fn horizon(&self) -> Result<Horizon> {
        let row = self.0.query_one(statement!("events/horizon"), &[]).await?;
        Ok(Horizon {
            now: column(&row, "now")?,
            in_hand: column(&row, "in_hand")?,
            own: column(&row, "own")?,
        })
    }

    /// What a page took, in milliseconds, by strategy; of the newest jobs.
    pub async fn paces(&self) -> Result<HashMap<String, f64>> {
        let rows = self.0.query(statement!("events/paces"), &[]).await?;
        rows.iter().map(|row| Ok((column(row, "strategy")?, column(row, "milliseconds")?))).collect()
    }
}

fn decode(row: &Row) -> Result<Transition> {
    let text = |name| column::<Option<String>>(row, name);
    Ok(Transition {
        at: Cursor { created_at: column(row, "created_at")?, id: column(row, "id")? },
        document_id: DocumentId(column(row, "document_id")?),
        job_id: JobId(column(row, "job_id")?),
        action: column(row, "action")?,
        status: text("status")?
            .ok_or_else(|| Error::new(ErrorKind::Corrupt, "decode", "a transition without a status"))?,
        details: column(row, "details")?,
        error_message: text("error_message")?,
        duration_ms: column(row, "duration_ms")?,
    })
}

fn decode_seen(row: &Row) -> Result<Seen> {
    let progress = Progress {
        document_id: DocumentId(column(row, "document_id")?),
        job_id: JobId(column(row, "job_id")?),
        status: column(row, "status")?,
        strategy: column(row, "strategy")?,
        started_at: column(row, "started_at")?,
        progress: column(row, "progress")?,
        completed_pages: column(row, "completed_pages")?,
        total_pages: column(row, "total_pages")?,
        completed_zones: column(row, "completed_zones")?,
        total_zones: column(row, "total_zones")?,
        current_zone_id: column(row, "current_zone_id")?,
        error_count: column(row, "error_count")?,
        attempt: column(row, "attempt")?,
        max_attempts: column(row, "max_attempts")?,
        updated_at: column(row, "updated_at")?,
    };
    Ok(Seen { progress, people: column(row, "people")? })
}
