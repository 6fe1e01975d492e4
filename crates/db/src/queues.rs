//! Queues as a whole: what waits in each, and whether anything of it is claimed. Only for the platform itself.

use colophon_domain::{Queue, QueuePause, QueueStrategy};
use jiff::Timestamp;
use tokio_postgres::Row;

use crate::session::column;
use crate::statement::statement;
use crate::{Result, SystemScope, Tx};

/// Queues as a whole.
pub struct Queues<'t>(&'t Tx<SystemScope>);

impl Tx<SystemScope> {
    /// Queues as a whole.
    pub fn queues(&self) -> Queues<'_> {
        Queues(self)
    }
}

impl Queues<'_> {
    /// The queues that hold live jobs or are paused, by name.
    pub async fn list(&self) -> Result<Vec<Queue>> {
        self.of(None).await
    }

    /// One queue. Any name is a queue, which may hold nothing.
    pub async fn get(&self, queue: &str) -> Result<Queue> {
        let found = self.of(Some(queue)).await?.pop();
        Ok(found.unwrap_or_else(|| Queue { queue: queue.to_owned(), pause: None, strategies: Vec::new() }))
    }

    /// Nothing of the queue is claimed any more; what runs goes on. `false` where it was paused before.
    pub async fn pause(&self, queue: &str, reason: Option<&str>, paused_by: Option<&str>) -> Result<bool> {
        Ok(self.0.execute(statement!("queues/pause"), &[&queue, &reason, &paused_by]).await? > 0)
    }

    /// The queue's jobs are claimed again; `false` where it was not paused. Commit with [`Tx::commit_and_wake`].
    pub async fn resume(&self, queue: &str) -> Result<bool> {
        Ok(self.0.execute(statement!("queues/resume"), &[&queue]).await? > 0)
    }

    async fn of(&self, queue: Option<&str>) -> Result<Vec<Queue>> {
        let mut queues: Vec<Queue> = Vec::new();
        for row in self.0.query(statement!("queues/list"), &[&queue]).await? {
            let name: String = column(&row, "queue")?;
            if queues.last().is_none_or(|last| last.queue != name) {
                queues.push(Queue { queue: name, pause: pause(&row)?, strategies: Vec::new() });
            }
            if let (Some(last), Some(strategy)) = (queues.last_mut(), strategy(&row)?) {
                last.strategies.push(strategy);
            }
        }
        Ok(queues)
    }
}

fn pause(row: &Row) -> Result<Option<QueuePause>> {
    let Some(paused_at) = column::<Option<Timestamp>>(row, "paused_at")? else { return Ok(None) };
    Ok(Some(QueuePause { reason: column(row, "reason")?, paused_by: column(row, "paused_by")?, paused_at }))
}

fn strategy(row: &Row) -> Result<Option<QueueStrategy>> {
    let Some(strategy) = column::<Option<String>>(row, "strategy")? else { return Ok(None) };
    Ok(Some(QueueStrategy {
        strategy,
        queued: column(row, "queued")?,
        scheduled: column(row, "scheduled")?,
        waiting: column(row, "waiting")?,
        paused: column(row, "paused")?,
        running: column(row, "running")?,
        oldest_seconds: column(row, "oldest_seconds")?,
    }))
}
