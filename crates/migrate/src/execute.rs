//! One file and its history row: in one transaction, or alone where the server forbids one.

use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;

use crate::Error;
use crate::error::StatementError;
use crate::files::Migration;
use crate::history::{self, Note};
use crate::runner::{Event, Migrator, Tell};
use crate::split::{Statement, statements};

impl Migrator {
    /// Runs a file forward or back, again and again while a lock is not to be had.
    pub(crate) async fn execute(
        &self,
        migration: &Migration,
        up: bool,
        tell: Tell<'_>,
    ) -> Result<Duration, Error> {
        let sql = if up { migration.up } else { migration.down.unwrap_or_default() };
        let what = format!("{} {}", if up { "migration" } else { "rollback" }, migration.stem());
        let all = statements(sql);
        let alone = all.iter().any(|statement| !statement.transactional());
        if alone && all.len() > 1 {
            let problem = "a statement that cannot run in a transaction must be alone in its file".to_owned();
            return Err(Error::File { file: what, problem });
        }
        let begun = Instant::now();
        for attempt in 1.. {
            let tried = match all.first() {
                Some(statement) if alone => self.run_alone(migration, up, statement, tell).await,
                _ => self.run_together(migration, up, &all, tell).await,
            };
            let error = match tried {
                Ok(()) => break,
                Err(Failure::Before(error)) => return Err(error),
                Err(Failure::Statement(error)) => error,
            };
            // The connection may be gone; then the server rolls back by itself.
            let _ = self.client.batch_execute("rollback").await;
            let source = StatementError(error);
            if busy(&source.0) && attempt < self.options.attempts {
                let pause = pause(attempt);
                tell(&Event::Retry { migration, attempt, pause, reason: &source.to_string() });
                tokio::time::sleep(pause).await;
                continue;
            }
            self.note_failure(migration, up, begun.elapsed(), &source).await;
            return Err(match (busy(&source.0), alone) {
                (true, _) => Error::Busy { what, attempts: attempt, source },
                (false, true) => Error::Partial { what, source },
                (false, false) => Error::Statement { what, source },
            });
        }
        Ok(begun.elapsed())
    }

    async fn run_together(
        &self,
        migration: &Migration,
        up: bool,
        all: &[Statement],
        tell: Tell<'_>,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let client = &self.client;
        let timeouts = format!(
            "reset all; begin; set local lock_timeout = {}; set local statement_timeout = {};
            set local client_connection_check_interval = '2s'",
            self.options.lock_timeout.as_millis(),
            self.options.statement_timeout.unwrap_or_default().as_millis()
        );
        let transaction = async {
            client.batch_execute(&timeouts).await?;
            for (index, statement) in all.iter().enumerate() {
                let summary = statement.summary();
                tell(&Event::Statement { migration, number: index + 1, of: all.len(), summary: &summary });
                client.batch_execute(&statement.text).await?;
            }
            self.record(migration, up, begun).await?;
            client.batch_execute("commit").await
        };
        transaction.await.map_err(Failure::Statement)
    }

    /// Outside a transaction: the log says "started" first, so that the next run knows what a killed one left.
    async fn run_alone(
        &self,
        migration: &Migration,
        up: bool,
        statement: &Statement,
        tell: Tell<'_>,
    ) -> Result<(), Failure> {
        let begun = Instant::now();
        let client = &self.client;
        let direction = if up { "up" } else { "down" };
        let begun_before = history::was_started(client, migration, direction).await?;
        let done_before = self.clear_the_way(statement, begun_before, tell).await?;
        // Its waiting blocks neither readers nor writers, so that it may wait for as long as they take.
        let settings = format!(
            "reset all; set lock_timeout = 0; set statement_timeout = {}",
            self.options.statement_timeout.unwrap_or_default().as_millis()
        );
        client.batch_execute(&settings).await?;
        if !done_before {
            let host = &self.options.host;
            let note = Note { direction, result: "started", took: None, message: None, host };
            history::note(client, migration.version, Some(migration), note).await?;
            let summary = statement.summary();
            tell(&Event::Statement { migration, number: 1, of: 1, summary: &summary });
            client.batch_execute(&statement.text).await?;
        }
        client.batch_execute("begin").await?;
        self.record(migration, up, begun).await?;
        client.batch_execute("commit").await?;
        Ok(())
    }

    async fn record(
        &self,
        migration: &Migration,
        up: bool,
        begun: Instant,
    ) -> Result<(), tokio_postgres::Error> {
        // Whatever the file has set must not reach the history.
        self.client.batch_execute("set local lock_timeout = 0; reset role").await?;
        let client = &self.client;
        if up {
            history::record(client, migration).await?;
        } else {
            history::forget(client, migration.version).await?;
        }
        let direction = if up { "up" } else { "down" };
        let took = Some(begun.elapsed());
        let note = Note { direction, result: "done", took, message: None, host: &self.options.host };
        history::note(client, migration.version, Some(migration), note).await
    }

    /// Best effort: the failure itself is what the caller hears of.
    async fn note_failure(&self, migration: &Migration, up: bool, took: Duration, source: &StatementError) {
        let message = source.to_string();
        let note = Note {
            direction: if up { "up" } else { "down" },
            result: "failed",
            took: Some(took),
            message: Some(&message),
            host: &self.options.host,
        };
        let _ = self.client.batch_execute("reset all").await;
        let _ = history::note(&self.client, migration.version, Some(migration), note).await;
    }
}

/// Why an attempt ended.
enum Failure {
    /// Before the file's own statements, or for its form.
    Before(Error),
    /// In one of its statements.
    Statement(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Statement(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Before(error)
    }
}

/// A lock was not to be had in time, or two waited for each other.
fn busy(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
        || error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED)
}

/// Twice as long each time, half a second to a minute, and never the same for two who met.
fn pause(attempt: u32) -> Duration {
    let longest = 500 * 2_u64.pow(attempt.min(7) - 1);
    Duration::from_millis(fastrand::u64(longest / 2..=longest.min(60_000)))
}
