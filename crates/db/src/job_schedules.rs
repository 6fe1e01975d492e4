//! Schedules of recurring jobs.

use colophon_domain::{DocumentId, DueSchedule, JobId, JobSchedule, NewSchedule, ScheduleId};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, SystemScope, Tx};

/// Schedules that the scope may see.
pub struct JobSchedules<'t, S>(&'t Tx<S>);

/// What came of a schedule that was looked at. Without a next time it is disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Its document.
    pub document_id: DocumentId,
    /// The schedule.
    pub id: ScheduleId,
    /// When it runs next.
    pub next_run_at: Option<Timestamp>,
    /// The job that was made.
    pub job_id: Option<JobId>,
    /// Why none was made this time.
    pub skip_reason: Option<String>,
    /// Why it is disabled.
    pub disabled_reason: Option<String>,
}

impl<S: Scope> Tx<S> {
    /// Schedules of recurring jobs.
    pub fn job_schedules(&self) -> JobSchedules<'_, S> {
        JobSchedules(self)
    }
}

impl<S: Scope> JobSchedules<'_, S> {
    /// The schedules of a document, oldest first.
    pub async fn list(&self, document: DocumentId) -> Result<Vec<JobSchedule>> {
        let rows = self.0.reading(document).query(statement!("job_schedules/list"), &[&document.0]).await?;
        rows.iter().map(decode).collect()
    }

    /// One schedule, if the scope may see it.
    pub async fn get(&self, document: DocumentId, id: ScheduleId) -> Result<Option<JobSchedule>> {
        let params: Params<'_> = &[&document.0, &id.0];
        let row = self.0.reading(document).query_opt(statement!("job_schedules/get"), params).await?;
        row.as_ref().map(decode).transpose()
    }

    /// One schedule; an error where there is none for this scope.
    pub async fn require(&self, document: DocumentId, id: ScheduleId) -> Result<JobSchedule> {
        let missing = || Error::new(ErrorKind::NotFound, "job_schedules/get", format!("no schedule {id}"));
        self.get(document, id).await?.ok_or_else(missing)
    }

    /// As [`JobSchedules::get`], and it stays as it is until the transaction ends; only for whoever may change it.
    pub async fn lock(&self, document: DocumentId, id: ScheduleId) -> Result<Option<JobSchedule>> {
        let row = self.0.query_opt(statement!("job_schedules/lock"), &[&document.0, &id.0]).await?;
        row.as_ref().map(decode).transpose()
    }

    /// Makes a schedule; the housekeeping finds it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] where the document has as many as it may; [`ErrorKind::Forbidden`] where the scope may not
    /// edit the document.
    pub async fn insert(&self, document: DocumentId, id: ScheduleId, new: &NewSchedule) -> Result<()> {
        let (pages, options) = (new.job.units.page_numbers(), Value::Object(new.job.options.clone()));
        self.0
            .execute(
                statement!("job_schedules/insert"),
                &[
                    &document.0,
                    &id.0,
                    &new.name,
                    &new.cron.as_str(),
                    &new.cron.time_zone(),
                    &new.job.strategy,
                    &options,
                    &pages,
                    &new.job.queue,
                    &new.job.priority,
                    &new.job.max_attempts,
                    &new.job.timeout_seconds,
                    &new.enabled,
                    &new.job.created_by,
                ],
            )
            .await?;
        Ok(())
    }

    /// Puts all that a schedule says in place of what it said; `false` where there is none that the scope may change.
    pub async fn update(&self, document: DocumentId, id: ScheduleId, new: &NewSchedule) -> Result<bool> {
        let (pages, options) = (new.job.units.page_numbers(), Value::Object(new.job.options.clone()));
        let updated = self
            .0
            .execute(
                statement!("job_schedules/update"),
                &[
                    &document.0,
                    &id.0,
                    &new.name,
                    &new.cron.as_str(),
                    &new.cron.time_zone(),
                    &new.job.strategy,
                    &options,
                    &pages,
                    &new.job.queue,
                    &new.job.priority,
                    &new.job.max_attempts,
                    &new.job.timeout_seconds,
                    &new.enabled,
                ],
            )
            .await?;
        Ok(updated > 0)
    }

    /// Takes a schedule away; `false` where there is none that the scope may change.
    pub async fn delete(&self, document: DocumentId, id: ScheduleId) -> Result<bool> {
        Ok(self.0.execute(statement!("job_schedules/delete"), &[&document.0, &id.0]).await? > 0)
    }
}

impl JobSchedules<'_, SystemScope> {
    /// Schedules whose time has come, or that are not told it yet; 100 at most. Another node may have them in hand.
    pub async fn due_ids(&self) -> Result<Vec<(DocumentId, ScheduleId)>> {
        let rows = self.0.query(statement!("job_schedules/due_ids"), &[]).await?;
        rows.iter()
            .map(|row| Ok((DocumentId(column(row, "document_id")?), ScheduleId(column(row, "id")?))))
            .collect()
    }

    /// Those of these schedules whose time has come and that nobody else has in hand, for this transaction alone.
    pub async fn due(&self, of: &[(DocumentId, ScheduleId)]) -> Result<Vec<DueSchedule>> {
        let (documents, ids): (Vec<Uuid>, Vec<Uuid>) =
            of.iter().map(|(document, id)| (document.0, id.0)).unzip();
        let rows = self.0.query(statement!("job_schedules/due"), &[&documents, &ids]).await?;
        let decode = |row: &Row| {
            Ok(DueSchedule {
                schedule: decode(row)?,
                now: column(row, "now")?,
                is_allowed: column(row, "is_allowed")?,
                in_trash: column(row, "in_trash")?,
                status: column(row, "status")?,
                version: column(row, "version")?,
                page_count: column(row, "page_count")?,
            })
        };
        rows.iter().map(decode).collect()
    }

    /// Says what came of schedules that were looked at.
    pub async fn settle(&self, settled: &[Settled]) -> Result<()> {
        let documents: Vec<Uuid> = settled.iter().map(|s| s.document_id.0).collect();
        let ids: Vec<Uuid> = settled.iter().map(|s| s.id.0).collect();
        let next: Vec<Option<Timestamp>> = settled.iter().map(|s| s.next_run_at).collect();
        let jobs: Vec<Option<Uuid>> = settled.iter().map(|s| s.job_id.map(|job| job.0)).collect();
        let skipped: Vec<Option<&str>> = settled.iter().map(|s| s.skip_reason.as_deref()).collect();
        let disabled: Vec<Option<&str>> = settled.iter().map(|s| s.disabled_reason.as_deref()).collect();
        let params: Params<'_> = &[&documents, &ids, &next, &jobs, &skipped, &disabled];
        self.0.execute(statement!("job_schedules/settle"), params).await?;
        Ok(())
    }

    /// Leaves a schedule alone for a minute, and says why.
    pub async fn postpone(&self, document: DocumentId, id: ScheduleId, reason: &str) -> Result<()> {
        self.0.execute(statement!("job_schedules/postpone"), &[&document.0, &id.0, &reason]).await?;
        Ok(())
    }
}

fn decode(row: &Row) -> Result<JobSchedule> {
    let options: Value = column(row, "options")?;
    let last_job_id: Option<Uuid> = column(row, "last_job_id")?;
    Ok(JobSchedule {
        document_id: DocumentId(column(row, "document_id")?),
        id: ScheduleId(column(row, "id")?),
        name: column(row, "name")?,
        cron: column(row, "cron")?,
        time_zone: column(row, "time_zone")?,
        strategy: column(row, "strategy")?,
        options: options.as_object().cloned().unwrap_or_else(Map::new),
        page_numbers: column(row, "page_numbers")?,
        queue: column(row, "queue")?,
        priority: column(row, "priority")?,
        max_attempts: column(row, "max_attempts")?,
        timeout_seconds: column(row, "timeout_seconds")?,
        enabled: column(row, "enabled")?,
        disabled_reason: column(row, "disabled_reason")?,
        next_run_at: column(row, "next_run_at")?,
        last_run_at: column(row, "last_run_at")?,
        last_job_id: last_job_id.map(JobId),
        last_skipped_at: column(row, "last_skipped_at")?,
        last_skip_reason: column(row, "last_skip_reason")?,
        created_by: column(row, "created_by")?,
        created_at: column(row, "created_at")?,
        updated_at: column(row, "updated_at")?,
    })
}
