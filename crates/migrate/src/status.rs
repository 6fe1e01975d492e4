//! Where a database stands. Reads only, and makes nothing.

use crate::Error;
use crate::history::{self, Entry};
use crate::runner::Migrator;
use crate::validate::edited;

/// A migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// 14 digits.
    pub version: String,
    /// The rest of the file's name; absent where only the database knows the version.
    pub name: Option<String>,
    /// In the database.
    pub applied: bool,
    /// Applied, but its file is no longer what was applied.
    pub edited: bool,
    /// Pending, but older than the newest applied one.
    pub out_of_order: bool,
    /// It has a file for its way back.
    pub reversible: bool,
    /// When it was applied, where our log knows.
    pub applied_at: Option<jiff::Timestamp>,
}

/// Where a database stands against this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They fit.
    Current,
    /// The database lacks this many migrations.
    Behind(usize),
    /// The database has a migration that this program does not know.
    Ahead(String),
}

impl Migrator {
    /// Every migration that the program or the database knows, in order.
    ///
    /// # Errors
    /// The history cannot be read.
    pub async fn status(&self) -> Result<Vec<Status>, Error> {
        let applied = history::rows(&self.client, true).await?;
        let edited = edited(&self.client, &self.files, &applied).await?;
        let log = history::log(&self.client).await?;
        let newest = applied.last().map(|row| row.version.clone()).unwrap_or_default();
        let has: std::collections::HashSet<&str> = applied.iter().map(|row| row.version.as_str()).collect();
        let done_at: std::collections::HashMap<&str, jiff::Timestamp> = log
            .iter()
            .filter(|entry| entry.result == "done")
            .map(|entry| (entry.version.as_str(), entry.at))
            .collect();
        let mut all: Vec<Status> = self
            .files
            .iter()
            .map(|m| {
                let applied = has.contains(m.version);
                Status {
                    version: m.version.to_owned(),
                    name: Some(m.name.to_owned()),
                    applied,
                    edited: edited.iter().any(|other| other.version == m.version),
                    out_of_order: !applied && *m.version < *newest,
                    reversible: m.down.is_some(),
                    applied_at: done_at.get(m.version).copied().filter(|_| applied),
                }
            })
            .collect();
        let known: std::collections::HashSet<&str> = self.files.iter().map(|m| m.version).collect();
        all.extend(applied.iter().filter(|row| !known.contains(row.version.as_str())).map(|row| Status {
            version: row.version.clone(),
            name: None,
            applied: true,
            edited: false,
            out_of_order: false,
            reversible: false,
            applied_at: None,
        }));
        all.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(all)
    }

    /// Where the database stands against this program. A few short queries: every start asks.
    ///
    /// # Errors
    /// The history cannot be read.
    pub async fn standing(&self) -> Result<Standing, Error> {
        let applied = history::rows(&self.client, false).await?;
        if let Some(unknown) = applied.iter().find(|row| !self.files.iter().any(|m| m.version == row.version))
        {
            return Ok(Standing::Ahead(unknown.version.clone()));
        }
        // A way back that was killed on its way has undone what the history still calls applied.
        let undone = history::interrupted(&self.client, "down").await?;
        let is_there = |m: &crate::Migration| {
            applied.iter().any(|row| row.version == m.version)
                && !undone.iter().any(|version| version == m.version)
        };
        let pending = self.files.iter().filter(|m| !is_there(m)).count();
        Ok(if pending == 0 { Standing::Current } else { Standing::Behind(pending) })
    }

    /// The newest applied version.
    ///
    /// # Errors
    /// The history cannot be read.
    pub async fn current(&self) -> Result<Option<Status>, Error> {
        Ok(self.status().await?.into_iter().rev().find(|status| status.applied))
    }

    /// Everything that was ever done here by this program, oldest first.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn history(&self) -> Result<Vec<Entry>, Error> {
        history::log(&self.client).await
    }
}
