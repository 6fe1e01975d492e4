//! What the platform says of all jobs: which queues rest, and how many jobs may run at once.

use colophon_db::SystemScope;
use colophon_domain::{Invalid, JobLimit, LimitKind, Queue, job_requests};

use crate::{Error, Platform};

/// Nothing of a queue is claimed any more; what runs goes on. A queue that is paused stays as it was paused first.
///
/// # Errors
/// What is no name of a queue; a reason that is too long.
pub async fn pause_queue(
    platform: &Platform,
    scope: &SystemScope,
    queue: &str,
    reason: Option<&str>,
    paused_by: Option<&str>,
) -> Result<Queue, Error> {
    job_requests::check_queue(queue)?;
    if reason.is_some_and(|reason| !(1..=1000).contains(&reason.chars().count()) || reason.contains('\0')) {
        return Err(Invalid::new("reason", "must have 1 to 1000 characters, and no U+0000").into());
    }
    let tx = platform.database.session(scope).begin().await?;
    tx.queues().pause(queue, reason, paused_by).await?;
    let queue = tx.queues().get(queue).await?;
    tx.commit().await?;
    Ok(queue)
}

/// A queue's jobs are claimed again, from now on.
///
/// # Errors
/// What is no name of a queue.
pub async fn resume_queue(platform: &Platform, scope: &SystemScope, queue: &str) -> Result<Queue, Error> {
    job_requests::check_queue(queue)?;
    let tx = platform.database.session(scope).begin().await?;
    tx.queues().resume(queue).await?;
    let queue = tx.queues().get(queue).await?;
    tx.commit_and_wake().await?;
    Ok(queue)
}

/// Sets how many jobs may run at once. What runs already goes on.
///
/// # Errors
/// The database.
pub async fn set_limit(platform: &Platform, scope: &SystemScope, limit: &JobLimit) -> Result<(), Error> {
    let tx = platform.database.session(scope).begin().await?;
    tx.job_limits().set(limit).await?;
    tx.commit_and_wake().await?;
    Ok(())
}

/// Takes a limit away; `false` where there was none.
///
/// # Errors
/// What no limit is named.
pub async fn remove_limit(
    platform: &Platform,
    scope: &SystemScope,
    kind: LimitKind,
    name: &str,
) -> Result<bool, Error> {
    let name = JobLimit::stored_name(name)?;
    let tx = platform.database.session(scope).begin().await?;
    let removed = tx.job_limits().remove(kind, name).await?;
    tx.commit_and_wake().await?;
    Ok(removed)
}
