//! Jobs that ended long ago go, with their attempts, page outcomes and history; what they took stays counted.
//!
//! What an hour's attempts took is counted before any of them goes ([`count`]), and a job goes only when that was done.
//! Batches are small and commit by themselves: a kill between two loses nothing, and nobody waits for one.

use std::time::Duration;

use colophon_db::sweep::JobPlace;
use colophon_db::{Database, SystemScope};

use crate::Error;

/// Jobs looked at in one transaction.
const BATCH: i64 = 500;

/// Counts the hours that are over, all of them. Gives how many transactions that took.
///
/// # Errors
/// The database's; what was counted stays counted.
pub async fn count(database: &Database) -> Result<u64, Error> {
    let mut times = 0;
    while count_once(database).await? {
        times += 1;
    }
    Ok(times)
}

/// A day of hours that are over, at most. `false`: there are none, or another node is counting.
pub async fn count_once(database: &Database) -> Result<bool, Error> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let counted = tx.statistics().count().await?;
    tx.commit().await?;
    Ok(counted.is_some())
}

/// Deletes jobs that ended longer ago than `age`. Gives how many went.
///
/// # Errors
/// The database's; what is gone stays gone.
pub async fn prune(database: &Database, age: Duration) -> Result<u64, Error> {
    count(database).await?;
    let (mut pruned, mut place) = (0, JobPlace::START);
    while let Some((gone, next)) = prune_once(database, age, place).await? {
        pruned += gone;
        place = next;
    }
    Ok(pruned)
}

/// A batch behind `place`. Gives how many went, and where it ended; `None`: there is nothing more, or another node is at it.
pub async fn prune_once(
    database: &Database,
    age: Duration,
    place: JobPlace,
) -> Result<Option<(u64, JobPlace)>, Error> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let pruned = tx.sweep().jobs(age.as_secs_f64(), place, BATCH).await?;
    tx.commit().await?;
    Ok(pruned)
}
