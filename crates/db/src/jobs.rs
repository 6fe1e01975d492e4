//! Jobs: the record of what was asked, and what became of it.

use colophon_domain::{
    Attempt, DocumentId, ErrorClass, HistoryEntry, Job, JobId, JobPage, JobZone, NewJob, PageOutcome, Stages,
    UnitFailure, ZoneId,
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, SystemScope, Tx};

/// What became of a person's word about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The job's document.
    pub document_id: DocumentId,
    /// The status that the job has now.
    pub status: String,
    /// Whether it was changed; else its status does not allow what was asked.
    pub changed: bool,
}

/// A job that was asked for among many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enqueued {
    /// The job asked for.
    pub asked: JobId,
    /// The live job: the one asked for, or the one that has its key already. `None` where somebody made that one in this
    /// moment: asking again finds it.
    pub live: Option<JobId>,
}

/// The option that leads from a job back to the request that asked for it, as W3C's Trace Context has it.
pub const TRACEPARENT: &str = "traceparent";
/// A document that somebody asks a job for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The document.
    pub document_id: DocumentId,
    /// Its current version,
    pub version: i32,
    /// and how many pages that has, where it can be read.
    pub page_count: Option<i32>,
    /// Where the document stands.
    pub status: String,
    /// Whether it is in the trash.
    pub in_trash: bool,
}

/// Jobs that the scope may see.
pub struct Jobs<'t, S>(pub(crate) &'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Jobs.
    pub fn jobs(&self) -> Jobs<'_, S> {
        Jobs(self)
    }
}

impl<S: Scope> Jobs<'_, S> {
    /// Records a job and makes it live, in this transaction. Commit with [`Tx::commit_and_wake`].
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] where a live job of the owner has its key ([`Jobs::live_of_key`]).
    pub async fn enqueue(&self, new: &NewJob) -> Result<()> {
        let options = traced(&new.options);
        let (page_numbers, zone_ids) = (new.units.page_numbers(), new.units.zone_ids());
        self.0
            .execute(
                statement!("jobs/insert"),
                &[
                    &new.document_id.0,
                    &new.id.0,
                    &new.strategy,
                    &options,
                    &new.version,
                    &new.queue,
                    &new.priority,
                    &new.max_attempts,
                    &new.total_pages,
                    &new.created_by,
                    &page_numbers,
                    &zone_ids,
                    &depends_on(new),
                    &new.run_at,
                    &new.timeout_seconds,
                    &new.job_key,
                ],
            )
            .await?;
        self.0.execute(statement!("jobs/enqueue"), &[&new.id.0, &new.document_id.0, &new.strategy]).await?;
        self.0.announces([new.id]);
        Ok(())
    }

    /// The live job that has this key, among those of the document's owner.
    pub async fn live_of_key(&self, document: DocumentId, job_key: &str) -> Result<Option<JobId>> {
        let row = self.0.query_one(statement!("jobs/live_of_key"), &[&document.0, &job_key]).await?;
        Ok(column::<Option<Uuid>>(&row, "job_id")?.map(JobId))
    }

    /// Calls a job off: at once, whether it waits or runs. Whoever works on it has lost its lease, and learns it with
    /// its next heartbeat. `None` where there is no such job for this scope.
    pub async fn cancel(&self, id: JobId) -> Result<Option<Asked>> {
        let asked = asked(self.0.query_opt(statement!("jobs/cancel"), &[&id.0]).await?)?;
        self.0.announces(asked.iter().filter(|asked| asked.changed).map(|_| id));
        Ok(asked)
    }

    /// Puts a job aside, whether it waits or runs. What is done of it stays done.
    pub async fn pause(&self, id: JobId) -> Result<Option<Asked>> {
        let asked = asked(self.0.query_opt(statement!("jobs/pause"), &[&id.0]).await?)?;
        self.0.announces(asked.iter().filter(|asked| asked.changed).map(|_| id));
        Ok(asked)
    }

    /// Takes up a job that was put aside.
    pub async fn resume(&self, id: JobId) -> Result<Option<Asked>> {
        let asked = asked(self.0.query_opt(statement!("jobs/resume"), &[&id.0]).await?)?;
        self.0.announces(asked.iter().filter(|asked| asked.changed).map(|_| id));
        Ok(asked)
    }

    /// Asks again for a job that failed, in whole or in part, or was cancelled: what is done stays done. One that waits
    /// for its next attempt waits no longer.
    pub async fn retry(&self, id: JobId) -> Result<Option<Asked>> {
        let asked = asked(self.0.query_opt(statement!("jobs/retry"), &[&id.0]).await?)?;
        self.0.announces(asked.iter().filter(|asked| asked.changed).map(|_| id));
        Ok(asked)
    }

    /// One job, if the scope may see it.
    pub async fn get(&self, id: JobId) -> Result<Option<Job>> {
        self.0.query_opt(statement!("jobs/get"), &[&id.0]).await?.as_ref().map(decode).transpose()
    }

    /// One job; an error where there is none for this scope.
    pub async fn require(&self, id: JobId) -> Result<Job> {
        self.get(id).await?.ok_or_else(|| Error::new(ErrorKind::NotFound, "jobs/get", format!("no job {id}")))
    }

    /// Jobs, in the order in which they are named; those that the scope may not see are left out.
    pub async fn get_many(&self, ids: &[JobId]) -> Result<Vec<Job>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        self.0.query(statement!("jobs/get_many"), &[&ids]).await?.iter().map(decode).collect()
    }

    /// What is to be known of these documents before jobs for them are taken; those that the scope may not see are left
    /// out.
    pub async fn targets(&self, documents: &[DocumentId]) -> Result<Vec<Target>> {
        let ids: Vec<Uuid> = documents.iter().map(|id| id.0).collect();
        self.0
            .query(statement!("jobs/targets"), &[&ids])
            .await?
            .iter()
            .map(|row| {
                Ok(Target {
                    document_id: DocumentId(column(row, "id")?),
                    version: column(row, "version")?,
                    page_count: column(row, "page_count")?,
                    status: column(row, "status")?,
                    in_trash: column(row, "in_trash")?,
                })
            })
            .collect()
    }

    /// Which of these zones are not there on these versions: each by its place among those given.
    pub async fn missing_zones(&self, zones: &[(DocumentId, i32, ZoneId)]) -> Result<Vec<usize>> {
        let documents: Vec<Uuid> = zones.iter().map(|(document, ..)| document.0).collect();
        let versions: Vec<i32> = zones.iter().map(|(_, version, _)| *version).collect();
        let ids: Vec<Uuid> = zones.iter().map(|(.., zone)| zone.0).collect();
        self.0
            .query(statement!("jobs/missing_zones"), &[&documents, &versions, &ids])
            .await?
            .iter()
            .map(|row| Ok(usize::try_from(column::<i64>(row, "ordinal")? - 1).unwrap_or(usize::MAX)))
            .collect()
    }

    /// Which of these jobs the scope does not see.
    pub async fn missing(&self, jobs: &[JobId]) -> Result<Vec<JobId>> {
        let ids: Vec<Uuid> = jobs.iter().map(|id| id.0).collect();
        self.0
            .query(statement!("jobs/missing"), &[&ids])
            .await?
            .iter()
            .map(|row| Ok(JobId(column(row, "id")?)))
            .collect()
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

    /// The outcome of each zone that the job names, so far.
    pub async fn zones(&self, document: DocumentId, job: JobId) -> Result<Vec<JobZone>> {
        self.0
            .reading(document)
            .query(statement!("jobs/zones"), &[&document.0, &job.0])
            .await?
            .iter()
            .map(decode_zone)
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
    /// Records many jobs and makes them live, in one statement. Commit with [`Tx::commit_and_wake`]; where there is nothing
    /// else to do, [`Tx::commit_with_next`] before it saves a round trip.
    pub async fn enqueue_many(&self, new: &[NewJob]) -> Result<Vec<Enqueued>> {
        let each = |of: fn(&NewJob) -> Uuid| new.iter().map(of).collect::<Vec<_>>();
        let text = |of: fn(&NewJob) -> Option<&str>| new.iter().map(of).collect::<Vec<_>>();
        let array = |of: fn(&NewJob) -> Option<String>| new.iter().map(of).collect::<Vec<_>>();
        let options: Vec<Value> = new.iter().map(|job| traced(&job.options)).collect();
        let versions: Vec<i32> = new.iter().map(|job| job.version).collect();
        let priorities: Vec<i16> = new.iter().map(|job| job.priority).collect();
        let max_attempts: Vec<i16> = new.iter().map(|job| job.max_attempts).collect();
        let run_at: Vec<Option<Timestamp>> = new.iter().map(|job| job.run_at).collect();
        let timeouts: Vec<Option<i32>> = new.iter().map(|job| job.timeout_seconds).collect();
        self.0.announces(new.iter().map(|job| job.id));
        self.0
            .query(
                statement!("jobs/enqueue_many", planned once),
                &[
                    &each(|job| job.document_id.0),
                    &each(|job| job.id.0),
                    &text(|job| Some(&job.strategy)),
                    &options,
                    &versions,
                    &text(|job| Some(&job.queue)),
                    &priorities,
                    &max_attempts,
                    &text(|job| job.created_by.as_deref()),
                    &array(|job| job.units.page_numbers().map(literal)),
                    &array(|job| job.units.zone_ids().as_deref().map(literal)),
                    &array(|job| depends_on(job).as_deref().map(literal)),
                    &run_at,
                    &timeouts,
                    &text(|job| job.job_key.as_deref()),
                ],
            )
            .await?
            .iter()
            .map(|row| {
                let live: Option<Uuid> = column(row, "job_id")?;
                Ok(Enqueued { asked: JobId(column(row, "id")?), live: live.map(JobId) })
            })
            .collect()
    }

    /// Records how some pages ended and the job's progress with them.
    pub async fn record_pages(&self, document: DocumentId, job: JobId, pages: &[JobPage]) -> Result<()> {
        let Some(attempt) = pages.first().map(|p| p.attempt) else { return Ok(()) };
        let numbers: Vec<i32> = pages.iter().map(|p| p.page_number).collect();
        let (mut outcomes, mut counts, mut classes) = (vec![], vec![], vec![]);
        let (mut codes, mut messages) = (vec![], vec![]);
        for page in pages {
            let (outcome, count, class, code, message) = match &page.outcome {
                PageOutcome::Completed { zone_count } => ("completed", *zone_count, None, None, None),
                PageOutcome::Failed { class, code, message } => {
                    ("failed", 0, Some(class.as_str()), Some(code.as_str()), Some(message.as_str()))
                }
            };
            outcomes.push(outcome);
            counts.push(count);
            classes.push(class);
            codes.push(code);
            messages.push(message);
        }
        let durations: Vec<Option<i32>> = pages.iter().map(|p| p.duration_ms).collect();
        let stages: Vec<Option<Value>> = pages.iter().map(|p| stages_value(&p.stages)).collect();
        let strategies: Vec<Option<&str>> = pages.iter().map(|p| p.strategy.as_deref()).collect();
        let reasons: Vec<Option<&str>> = pages.iter().map(|p| p.reason.as_deref()).collect();
        self.0
            .execute(
                statement!("jobs/record_pages"),
                &[
                    &document.0,
                    &job.0,
                    &attempt,
                    &numbers,
                    &outcomes,
                    &counts,
                    &codes,
                    &messages,
                    &durations,
                    &classes,
                    &stages,
                    &strategies,
                    &reasons,
                ],
            )
            .await?;
        self.0.announces([job]);
        Ok(())
    }

    /// Records how some of the zones ended that a job names, and the job's progress with them.
    pub async fn record_zones(&self, document: DocumentId, job: JobId, zones: &[JobZone]) -> Result<()> {
        let Some(attempt) = zones.first().map(|z| z.attempt) else { return Ok(()) };
        let ids: Vec<Uuid> = zones.iter().map(|z| z.zone_id.0).collect();
        let failure = |zone: &JobZone| if zone.failure.is_some() { "failed" } else { "completed" };
        let outcomes: Vec<&str> = zones.iter().map(failure).collect();
        let classes: Vec<Option<&str>> =
            zones.iter().map(|z| z.failure.as_ref().map(|f| f.class.as_str())).collect();
        let codes: Vec<Option<&str>> =
            zones.iter().map(|z| z.failure.as_ref().map(|f| f.code.as_str())).collect();
        let messages: Vec<Option<&str>> =
            zones.iter().map(|z| z.failure.as_ref().map(|f| f.message.as_str())).collect();
        let durations: Vec<Option<i32>> = zones.iter().map(|z| z.duration_ms).collect();
        let stages: Vec<Option<Value>> = zones.iter().map(|z| stages_value(&z.stages)).collect();
        self.0
            .execute(
                statement!("jobs/record_zones"),
                &[
                    &document.0,
                    &job.0,
                    &attempt,
                    &ids,
                    &outcomes,
                    &classes,
                    &codes,
                    &messages,
                    &durations,
                    &stages,
                ],
            )
            .await?;
        self.0.announces([job]);
        Ok(())
    }
}

fn depends_on(job: &NewJob) -> Option<Vec<Uuid>> {
    (!job.depends_on.is_empty()).then(|| job.depends_on.iter().map(|id| id.0).collect())
}

/// An array as PostgreSQL reads it from text. Numbers and UUIDs alone: nothing in them needs quotes.
fn literal<T: std::fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    format!("{{{}}}", items.join(","))
}

fn stages_value(stages: &Stages) -> Option<Value> {
    (!stages.is_empty()).then(|| json!(stages))
}

fn asked(row: Option<Row>) -> Result<Option<Asked>> {
    row.map(|row| {
        Ok(Asked {
            document_id: DocumentId(column(&row, "document_id")?),
            status: column(&row, "status")?,
            changed: column(&row, "changed")?,
        })
    })
    .transpose()
}

fn decode_stages(row: &Row) -> Result<Stages> {
    let stages: Option<Value> = column(row, "stages")?;
    Ok(stages.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default())
}

fn decode_class(row: &Row) -> Result<ErrorClass> {
    let class: Option<String> = column(row, "error_class")?;
    // Rows of before the class was kept have none.
    Ok(class.and_then(|class| class.parse().ok()).unwrap_or(ErrorClass::Permanent))
}

/// Where this is traced, whoever works on the job is told what asked for it, in whatever language they are written.
fn traced(options: &Map<String, Value>) -> Value {
    let mut options = options.clone();
    if let Some(traceparent) = colophon_traces::traceparent() {
        options.entry(TRACEPARENT).or_insert(Value::String(traceparent));
    }
    Value::Object(options)
}

pub(crate) fn decode(row: &Row) -> Result<Job> {
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
        error_class: column(row, "error_class")?,
        error_code: column(row, "error_code")?,
        error_message: column(row, "error_message")?,
        created_by: column(row, "created_by")?,
        filename: column(row, "filename")?,
        page_numbers: column(row, "page_numbers")?,
        zone_ids: column(row, "zone_ids")?,
        run_at: column(row, "run_at")?,
        timeout_seconds: column(row, "timeout_seconds")?,
        job_key: column(row, "job_key")?,
        depends_on: column(row, "depends_on")?,
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
            PageOutcome::Failed {
                class: decode_class(row)?,
                code: text("error_code")?,
                message: text("error_message")?,
            }
        },
        attempt: column(row, "attempt")?,
        duration_ms: column(row, "duration_ms")?,
        stages: decode_stages(row)?,
        strategy: column(row, "strategy")?,
        reason: column(row, "reason")?,
    })
}

fn decode_zone(row: &Row) -> Result<JobZone> {
    let outcome: String = column(row, "outcome")?;
    let text = |name| column::<Option<String>>(row, name).map(Option::unwrap_or_default);
    let failure =
        UnitFailure { class: decode_class(row)?, code: text("error_code")?, message: text("error_message")? };
    Ok(JobZone {
        zone_id: ZoneId(column(row, "zone_id")?),
        failure: (outcome == "failed").then_some(failure),
        attempt: column(row, "attempt")?,
        duration_ms: column(row, "duration_ms")?,
        stages: decode_stages(row)?,
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
