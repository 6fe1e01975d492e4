//! Applying and undoing under one lock. What each file needs is in `execute`.

use std::time::Duration;

use colophon_connection::{ConnectionUrl, Connector};
use tokio_postgres::Client;

use crate::Error;
use crate::connection::{connector, lock, refuse_pooler, unlock};
use crate::error::doing;
use crate::files::{Migration, migrations};
use crate::history::{self, Note};
use crate::prepared;
use crate::validate::edited;

/// A connection that changes the schema. For that it needs a session of its own (no transaction pooler); where the
/// database stands it can tell through any.
pub struct Migrator {
    pub(crate) client: Client,
    pub(crate) connector: Connector,
    pub(crate) files: Vec<Migration>,
    pub(crate) options: Options,
}

impl std::fmt::Debug for Migrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator").field("options", &self.options).finish_non_exhaustive()
    }
}

/// How a migrator behaves towards those who use the database.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long it waits for another migrator.
    pub lock_wait: Duration,
    /// How long a statement waits for a table, and with it everybody behind it.
    pub lock_timeout: Duration,
    /// How often a file is tried when a table was not to be had, with a jittered pause between.
    pub attempts: u32,
    /// How long a statement may take; `None` for as long as it needs.
    pub statement_timeout: Option<Duration>,
    /// Apply also what is older than the newest applied migration.
    pub include_all: bool,
    /// The machine's name, for the log.
    pub host: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lock_wait: Duration::from_mins(1),
            lock_timeout: Duration::from_secs(3),
            attempts: 10,
            statement_timeout: None,
            include_all: false,
            host: String::new(),
        }
    }
}

/// A migration that was applied or undone.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The migration.
    pub migration: Migration,
    /// How long it took.
    pub took: Duration,
}

/// What is told while it works.
#[derive(Debug)]
pub enum Event<'a> {
    /// Another migrator is at work.
    Waiting {
        /// Who.
        holder: &'a str,
    },
    /// A statement begins.
    Statement {
        /// Of which file.
        migration: &'a Migration,
        /// Its number, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// The statement in a few words.
        summary: &'a str,
    },
    /// A table was not to be had; it is tried again.
    Retry {
        /// Which file.
        migration: &'a Migration,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How long the pause is.
        pause: Duration,
        /// The server's words.
        reason: &'a str,
    },
    /// What an earlier run left behind is removed.
    Leftover {
        /// What.
        what: &'a str,
    },
    /// A file was applied.
    Applied(&'a Applied),
    /// A file was undone.
    Undone(&'a Applied),
}

/// Who is told.
pub(crate) type Tell<'a> = &'a mut (dyn FnMut(&Event<'_>) + Send);

impl Migrator {
    /// Connects. To change anything, the URL must be direct or of a session pooler, for the role that owns the tables.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Self::connect_to(&ConnectionUrl::parse(url)?).await
    }

    /// As [`Migrator::connect`], where the URL is read already.
    ///
    /// # Errors
    /// As [`Migrator::connect`].
    pub async fn connect_to(url: &ConnectionUrl) -> Result<Self, Error> {
        let connector = connector(url)?;
        let client = connector.connect().await?;
        Ok(Self { client, connector, files: migrations(), options: Options::default() })
    }

    /// With other files than the program's own.
    #[must_use]
    pub fn with_files(mut self, files: Vec<Migration>) -> Self {
        self.files = files;
        self
    }

    /// With other manners.
    #[must_use]
    pub fn with_options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The files it works with, in order.
    pub fn files(&self) -> &[Migration] {
        &self.files
    }

    /// Applies what is pending, in order. `report` is told of each.
    ///
    /// # Errors
    /// As [`Migrator::up_to`].
    pub async fn up(&self, mut report: impl FnMut(&Applied) + Send) -> Result<usize, Error> {
        let mut tell = |event: &Event<'_>| {
            if let Event::Applied(applied) = event {
                report(applied);
            }
        };
        self.up_to(None, &mut tell).await
    }

    /// Applies what is pending up to a version (or all), in order, each with its history row in one transaction.
    ///
    /// # Errors
    /// A migration failed (it was rolled back, those before it stay), the lock is held, the database is newer, an
    /// applied file was edited, a pending one is out of order, or the server lacks what it takes for given.
    pub async fn up_to(
        &self,
        version: Option<&str>,
        tell: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<usize, Error> {
        self.lock(tell).await?;
        let result = self.up_locked(version, tell).await;
        self.unlock(result).await
    }

    async fn up_locked(&self, version: Option<&str>, tell: Tell<'_>) -> Result<usize, Error> {
        self.known(version)?;
        self.finish_interrupted(tell).await?;
        let applied = history::rows(&self.client, true).await?;
        self.refuse_newer(&applied)?;
        if let Some(edited) = edited(&self.client, &self.files, &applied).await?.first() {
            return Err(Error::Edited { version: edited.version.to_owned(), name: edited.name.to_owned() });
        }
        let newest = applied.last().map(|row| row.version.clone()).unwrap_or_default();
        let pending: Vec<_> = self
            .files
            .iter()
            .filter(|m| !applied.iter().any(|row| row.version == m.version))
            .filter(|m| version.is_none_or(|version| m.version <= version))
            .collect();
        if let Some(late) = pending.iter().find(|m| *m.version < *newest && !self.options.include_all) {
            return Err(Error::OutOfOrder { version: late.version.to_owned(), newest });
        }
        prepared::check(&self.client, &pending).await?;
        history::make(&self.client).await?;
        for migration in &pending {
            let took = self.execute(migration, true, tell).await?;
            tell(&Event::Applied(&Applied { migration: **migration, took }));
        }
        Ok(pending.len())
    }

    /// Undoes the newest migrations: all after `version`, or the last one where `version` is absent.
    ///
    /// # Errors
    /// As [`Migrator::down_to`].
    pub async fn down(
        &self,
        version: Option<&str>,
        mut report: impl FnMut(&Applied) + Send,
    ) -> Result<usize, Error> {
        let mut tell = |event: &Event<'_>| {
            if let Event::Undone(applied) = event {
                report(applied);
            }
        };
        self.down_to(version, &mut tell).await
    }

    /// Undoes all after `version` (`0` for all), or the last one where `version` is absent, newest first.
    ///
    /// # Errors
    /// As [`Migrator::up_to`]; a version that is not known; a migration without its way back.
    pub async fn down_to(
        &self,
        version: Option<&str>,
        tell: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<usize, Error> {
        self.lock(tell).await?;
        let result = self.down_locked(version, tell).await;
        self.unlock(result).await
    }

    async fn down_locked(&self, version: Option<&str>, tell: Tell<'_>) -> Result<usize, Error> {
        self.known(version)?;
        self.clear_interrupted(tell).await?;
        let applied = history::rows(&self.client, false).await?;
        self.refuse_newer(&applied)?;
        let newest_first =
            self.files.iter().rev().filter(|m| applied.iter().any(|row| row.version == m.version));
        let doomed: Vec<_> = match version {
            Some(version) => newest_first.take_while(|m| m.version > version).collect(),
            None => newest_first.take(1).collect(),
        };
        if let Some(stuck) = doomed.iter().find(|m| m.down.is_none()) {
            return Err(Error::NoWayBack { version: stuck.version.to_owned() });
        }
        if !doomed.is_empty() {
            history::make(&self.client).await?;
        }
        for migration in &doomed {
            let took = self.execute(migration, false, tell).await?;
            tell(&Event::Undone(&Applied { migration: **migration, took }));
        }
        Ok(doomed.len())
    }

    /// Undoes the last migration and applies it again: for the one who writes it.
    ///
    /// # Errors
    /// As [`Migrator::down_to`] and [`Migrator::up_to`].
    pub async fn redo(&self, tell: &mut (dyn FnMut(&Event<'_>) + Send)) -> Result<Option<Migration>, Error> {
        self.lock(tell).await?;
        let result = self.redo_locked(tell).await;
        self.unlock(result).await
    }

    async fn redo_locked(&self, tell: Tell<'_>) -> Result<Option<Migration>, Error> {
        self.clear_interrupted(tell).await?;
        let applied = history::rows(&self.client, false).await?;
        let last = self.files.iter().rev().find(|m| applied.iter().any(|row| row.version == m.version));
        let Some(last) = last.copied() else { return Ok(None) };
        self.down_locked(None, tell).await?;
        let took = self.execute(&last, true, tell).await?;
        tell(&Event::Applied(&Applied { migration: last, took }));
        Ok(Some(last))
    }

    /// Says that everything up to a version is applied, without running anything: for a database made by hand.
    ///
    /// # Errors
    /// The version is not known, or the history cannot be written.
    pub async fn baseline(&self, version: &str) -> Result<usize, Error> {
        self.known(Some(version))?;
        let all: Vec<&str> = self.files.iter().map(|m| m.version).filter(|v| *v <= version).collect();
        self.say(&all, "baseline").await
    }

    /// Corrects the history without running anything: these versions are applied, or are not.
    ///
    /// # Errors
    /// As [`Migrator::baseline`].
    pub async fn repair(&self, versions: &[&str], applied: bool) -> Result<usize, Error> {
        if applied {
            versions.iter().try_for_each(|version| self.known(Some(version)))?;
        }
        self.say(versions, if applied { "applied" } else { "reverted" }).await
    }

    async fn say(&self, versions: &[&str], direction: &str) -> Result<usize, Error> {
        self.lock(&mut |_| {}).await?;
        let result = self.say_locked(versions, direction).await;
        self.unlock(result).await
    }

    async fn say_locked(&self, versions: &[&str], direction: &str) -> Result<usize, Error> {
        history::make(&self.client).await?;
        let failed = |source| doing("writing the migrations' history")(source);
        self.client.batch_execute("begin").await.map_err(failed)?;
        let wrote = async {
            for version in versions {
                let migration = self.files.iter().find(|m| m.version == *version);
                match (direction, migration) {
                    ("reverted", _) => history::forget(&self.client, version).await?,
                    (_, Some(migration)) => history::record(&self.client, migration).await?,
                    (_, None) => {}
                }
                let note =
                    Note { direction, result: "done", took: None, message: None, host: &self.options.host };
                history::note(&self.client, version, migration, note).await?;
            }
            self.client.batch_execute("commit").await
        };
        if let Err(error) = wrote.await {
            let _ = self.client.batch_execute("rollback").await;
            return Err(failed(error));
        }
        Ok(versions.len())
    }

    /// A way back that was killed outside a transaction is gone to its end first: then the history is true again.
    async fn finish_interrupted(&self, tell: Tell<'_>) -> Result<(), Error> {
        let interrupted = history::interrupted(&self.client, "down").await?;
        if interrupted.is_empty() {
            return Ok(());
        }
        let applied = history::rows(&self.client, false).await?;
        for version in interrupted.iter().filter(|version| applied.iter().any(|row| row.version == **version))
        {
            if let Some(m) = self.files.iter().find(|m| m.version == version) {
                let what = format!("the rest of {}, whose way back was interrupted", m.stem());
                tell(&Event::Leftover { what: &what });
                self.execute(m, false, tell).await?;
            }
        }
        Ok(())
    }

    /// Before a way back also what a killed way forward may have made, of which the history knows nothing.
    async fn clear_interrupted(&self, tell: Tell<'_>) -> Result<(), Error> {
        self.finish_interrupted(tell).await?;
        let interrupted = history::interrupted(&self.client, "up").await?;
        for m in self.files.iter().filter(|m| interrupted.iter().any(|version| version == m.version)) {
            self.abandon(m, tell).await?;
        }
        Ok(())
    }

    fn known(&self, version: Option<&str>) -> Result<(), Error> {
        match version {
            Some(version) if version != "0" && !self.files.iter().any(|m| m.version == version) => {
                Err(Error::Unknown { version: version.to_owned() })
            }
            _ => Ok(()),
        }
    }

    fn refuse_newer(&self, applied: &[history::Row]) -> Result<(), Error> {
        let unknown = applied.iter().find(|row| !self.files.iter().any(|m| m.version == row.version));
        unknown.map_or(Ok(()), |row| Err(Error::Newer { version: row.version.clone() }))
    }

    async fn lock(&self, tell: Tell<'_>) -> Result<(), Error> {
        refuse_pooler(&self.connector, &self.client).await?;
        lock(&self.client, self.options.lock_wait, |holder| tell(&Event::Waiting { holder })).await
    }

    /// What went wrong before weighs more than that the lock could not be given back.
    async fn unlock<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        match unlock(&self.client).await {
            Err(error) if result.is_ok() => Err(error),
            _ => result,
        }
    }
}
