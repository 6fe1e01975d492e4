//! Makes due jobs claimable, takes back lost ones, and makes the jobs of schedules. Every node does: a reaper that can stall is no reaper.

use std::time::Duration;

use colophon_db::{Database, SystemScope};
use tokio_util::sync::CancellationToken;

/// Looks after the queue every `poll` until `stop` is cancelled. Part of [`crate::run`]; by itself for a program that has
/// no workers of its own, and gives jobs to others.
pub async fn keep_house(database: Database, poll: Duration, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = once(&database).await {
            tracing::debug!(%error, "the queue could not be looked after; trying again");
        }
        if let Err(error) = crate::run_due_schedules(&database).await {
            tracing::debug!(%error, "the schedules could not be looked after; trying again");
        }
        tokio::select! {
            () = tokio::time::sleep(poll) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn once(database: &Database) -> colophon_db::Result<()> {
    let tx = database.session(&SystemScope::new()).begin().await?;
    let lost = tx.queue().reap().await?;
    let ready = tx.queue().release_waiting().await?;
    let promoted = tx.queue().promote().await?;
    if !lost.is_empty() {
        tracing::warn!(lost = lost.len(), "took back jobs whose worker stopped without a word, or was late");
    }
    let is_anything_new = promoted > 0 || !lost.is_empty() || !ready.is_empty();
    if is_anything_new { tx.commit_and_wake().await } else { tx.commit().await }
}
