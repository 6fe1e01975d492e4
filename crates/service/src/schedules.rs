//! Schedules of recurring jobs are made and changed. What runs them is the housekeeping (`colophon_worker`).

use colophon_db::{Scope, Tx};
use colophon_domain::{DocumentId, JobSchedule, NewSchedule, ScheduleId};
use serde_json::json;

use crate::{Error, Platform, jobs};

/// A schedule that was asked for.
#[derive(Debug, Clone)]
pub struct Made {
    /// The schedule.
    pub schedule: JobSchedule,
    /// Whether it was made now; else it was asked for before under the idempotency key.
    pub is_new: bool,
}

/// Makes a schedule for a document, whose first time is told within a second.
///
/// # Errors
/// The document is not there for this scope, cannot be read or not edited, or has as many schedules as it may; a job that
/// could not be asked for either; an idempotency key that was used for something else.
pub async fn create<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    new: &NewSchedule,
    idempotency_key: Option<&str>,
) -> Result<Made, Error> {
    check(new)?;
    let tx = platform.database.session(scope).begin().await?;
    let id = ScheduleId::new();
    if let Some(key) = idempotency_key {
        let asked = described(document, new);
        tx.documents().require(document).await?;
        let earlier = tx.idempotency_keys().take(&jobs::sender(scope), key, &asked, id.0).await?;
        if let Some(earlier) = earlier {
            if earlier.request != asked {
                return Err(Error::KeyReused);
            }
            let schedule = tx.job_schedules().require(document, ScheduleId(earlier.resource_id)).await?;
            tx.commit().await?;
            return Ok(Made { schedule, is_new: false });
        }
    }
    check_document(&tx, document, new).await?;
    tx.job_schedules().insert(document, id, new).await?;
    let schedule = tx.job_schedules().require(document, id).await?;
    tx.commit().await?;
    Ok(Made { schedule, is_new: true })
}

/// Changes a schedule to what `change` makes of it, and gives it as it stands then. Nobody else changes it meanwhile.
///
/// # Errors
/// Those of `change` and of [`create`]; there is no such schedule for this scope, or it may only look at it
/// ([`Error::ScheduleOnlyToBeSeen`]).
pub async fn change<S: Scope, E: From<Error>>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    id: ScheduleId,
    change: impl FnOnce(&JobSchedule) -> Result<NewSchedule, E>,
) -> Result<JobSchedule, E> {
    let tx = platform.database.session(scope).begin().await.map_err(Error::from)?;
    let stored = tx.job_schedules().require(document, id).await.map_err(Error::from)?;
    let Some(stored) = tx.job_schedules().lock(document, stored.id).await.map_err(Error::from)? else {
        return Err(Error::ScheduleOnlyToBeSeen { schedule: id }.into());
    };
    let new = change(&stored)?;
    Ok(update(tx, document, id, &new).await?)
}

async fn update<S: Scope>(
    tx: Tx<S>,
    document: DocumentId,
    id: ScheduleId,
    new: &NewSchedule,
) -> Result<JobSchedule, Error> {
    check(new)?;
    // What is put aside may rest on a document that cannot be read now.
    if new.enabled {
        check_document(&tx, document, new).await?;
    }
    if !tx.job_schedules().update(document, id, new).await? {
        return Err(Error::ScheduleOnlyToBeSeen { schedule: id });
    }
    let schedule = tx.job_schedules().require(document, id).await?;
    tx.commit().await?;
    Ok(schedule)
}

/// Takes a schedule away; jobs that it made stay.
///
/// # Errors
/// There is no such schedule for this scope, or it may only look at it ([`Error::ScheduleOnlyToBeSeen`]).
pub async fn delete<S: Scope>(
    platform: &Platform,
    scope: &S,
    document: DocumentId,
    id: ScheduleId,
) -> Result<(), Error> {
    let tx = platform.database.session(scope).begin().await?;
    tx.job_schedules().require(document, id).await?;
    if !tx.job_schedules().delete(document, id).await? {
        return Err(Error::ScheduleOnlyToBeSeen { schedule: id });
    }
    tx.commit().await?;
    Ok(())
}

/// What can be said before anything is looked up.
fn check(new: &NewSchedule) -> Result<(), Error> {
    new.check()?;
    jobs::check(&new.job)?;
    Ok(())
}

/// Whether a job of it could be made now.
async fn check_document<S: Scope>(tx: &Tx<S>, document: DocumentId, new: &NewSchedule) -> Result<(), Error> {
    let target = jobs::target(tx, document).await?;
    new.job.job(document, target.version, target.page_count)?;
    Ok(())
}

/// What is asked for, as its idempotency key remembers it.
fn described(document: DocumentId, new: &NewSchedule) -> String {
    json!({
        "schedule": document, "name": new.name, "cron": new.cron.as_str(), "time_zone": new.cron.time_zone(),
        "strategy": new.job.strategy, "options": new.job.options, "pages": new.job.units.page_numbers(),
        "queue": new.job.queue, "priority": new.job.priority, "max_attempts": new.job.max_attempts,
        "timeout_seconds": new.job.timeout_seconds, "enabled": new.enabled,
    })
    .to_string()
}
