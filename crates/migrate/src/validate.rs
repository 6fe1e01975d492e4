//! Do the files and the database tell the same story, and does every step back undo its step forward?

use tokio_postgres::Client;

use crate::Error;
use crate::catalog::{self, Catalog};
use crate::files::Migration;
use crate::history::{self, Row};
use crate::runner::Migrator;
use crate::scratch::Scratch;
use crate::split::statements;

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// `edited`, `missing-file`, `out-of-order`, `no-way-back`, `not-alone`, `unverified`, `not-reversible`,
    /// `not-repeatable` or `fails`.
    pub code: &'static str,
    /// The migration.
    pub version: String,
    /// For people.
    pub message: String,
}

impl Problem {
    fn new(code: &'static str, version: &str, message: impl Into<String>) -> Self {
        Self { code, version: version.to_owned(), message: message.into() }
    }
}

/// Migrations whose file is no longer what was applied. What the Supabase CLI stored counts where our log knows
/// nothing; of a row with neither, nothing can be said.
pub(crate) async fn edited<'a>(
    client: &Client,
    files: &'a [Migration],
    applied: &[Row],
) -> Result<Vec<&'a Migration>, Error> {
    let checksums = history::checksums(client).await?;
    let rows: std::collections::HashMap<&str, &Row> =
        applied.iter().map(|row| (row.version.as_str(), row)).collect();
    let changed = |m: &&Migration| {
        let Some(row) = rows.get(m.version) else { return false };
        let checksum = checksums.get(m.version);
        if checksum.is_some_and(|checksum| *checksum == m.checksum()) {
            return false;
        }
        let file = statements(m.up);
        match (&row.statements, checksum) {
            // Applied anew by the CLI since our log spoke of it, or never by us.
            (Some(stored), _) if stored.iter().eq(file.iter().map(|statement| &statement.text)) => false,
            (_, Some(_)) => true,
            (Some(stored), None) if !stored.is_empty() => {
                let stored: Vec<String> = stored.iter().flat_map(|text| words(text)).collect();
                stored != file.into_iter().flat_map(|statement| statement.words).collect::<Vec<_>>()
            }
            _ => false,
        }
    };
    Ok(files.iter().filter(changed).collect())
}

fn words(text: &str) -> Vec<String> {
    statements(text).into_iter().flat_map(|statement| statement.words).collect()
}

impl Migrator {
    /// Compares the files with the database's history.
    ///
    /// # Errors
    /// The history cannot be read.
    pub async fn validate(&self) -> Result<Vec<Problem>, Error> {
        let applied = history::rows(&self.client, true).await?;
        let checksums = history::checksums(&self.client).await?;
        let mut found = validate_files(&self.files);
        for m in edited(&self.client, &self.files, &applied).await? {
            let message = format!(
                "{} was edited after it was applied; restore its file and put the change into a new migration, or accept it: colophon migrate repair --status applied {}",
                m.stem(),
                m.version
            );
            found.push(Problem::new("edited", m.version, message));
        }
        let newest = applied.last().map(|row| row.version.as_str()).unwrap_or_default();
        for row in &applied {
            match self.files.iter().find(|m| m.version == row.version) {
                None => {
                    let name = row.name.as_deref().unwrap_or_default();
                    let message = format!(
                        "{}_{name} is applied, but its file is missing; use the program or the folder that has it, or say that it is gone: colophon migrate repair --status reverted {}",
                        row.version, row.version
                    );
                    found.push(Problem::new("missing-file", &row.version, message));
                }
                Some(m) if row.statements.is_none() && !checksums.contains_key(m.version) => {
                    let message = format!(
                        "{} is applied, but nothing says with which text; to vouch for its file: colophon migrate repair --status applied {}",
                        m.stem(),
                        m.version
                    );
                    found.push(Problem::new("unverified", m.version, message));
                }
                Some(_) => {}
            }
        }
        for m in self.files.iter().filter(|m| *m.version < *newest) {
            if !applied.iter().any(|row| row.version == m.version) {
                let message = format!(
                    "{} is pending, but older than {newest}, which is applied; give its files a newer version, or apply it with --include-all",
                    m.stem()
                );
                found.push(Problem::new("out-of-order", m.version, message));
            }
        }
        found.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(found)
    }

    /// Applies every file in a scratch database, undoes each from the last to the first, and applies them again. After
    /// each step back the catalog must be as before its step forward. `fill` is SQL that puts rows into the tables.
    ///
    /// # Errors
    /// A scratch database cannot be made or read.
    pub async fn rehearse(&self, fill: Option<&str>) -> Result<Vec<Problem>, Error> {
        let scratch = Scratch::make(&self.connector).await?;
        let result = self.rehearse_in(&scratch, fill).await;
        scratch.drop().await?;
        result
    }

    async fn rehearse_in(&self, scratch: &Scratch, fill: Option<&str>) -> Result<Vec<Problem>, Error> {
        let migrator = scratch.migrator(self.files.clone()).await?;
        let mut seen: Vec<Catalog> = vec![catalog::read(&migrator.client).await?];
        for m in &self.files {
            if let Err(error) = migrator.up_to(Some(m.version), &mut |_| {}).await {
                return Ok(vec![Problem::new("fails", m.version, error.to_string())]);
            }
            seen.push(catalog::read(&migrator.client).await?);
        }
        if let Some(fill) = fill
            && let Err(source) = migrator.client.batch_execute(&format!("reset all; {fill}")).await
        {
            return Err(crate::error::doing("filling the scratch database")(source));
        }
        for (index, m) in self.files.iter().enumerate().rev() {
            if let Err(error) = migrator.down_to(None, &mut |_| {}).await {
                return Ok(vec![Problem::new("not-reversible", m.version, error.to_string())]);
            }
            let before = &seen[index];
            let differences = catalog::differences(before, &catalog::read(&migrator.client).await?);
            if let Some(first) = differences.first() {
                let message = format!(
                    "{} does not undo what it did: {} ({} differences)",
                    m.stem(),
                    first.after_rollback(),
                    differences.len()
                );
                return Ok(vec![Problem::new("not-reversible", m.version, message)]);
            }
        }
        for (index, m) in self.files.iter().enumerate() {
            let again = migrator.up_to(Some(m.version), &mut |_| {}).await;
            let problem = match again {
                Err(error) => Some(error.to_string()),
                Ok(_) => catalog::differences(&seen[index + 1], &catalog::read(&migrator.client).await?)
                    .first()
                    .map(|first| {
                        format!("the second time it makes something else: {}", first.after_rollback())
                    }),
            };
            if let Some(problem) = problem {
                return Ok(vec![Problem::new("not-repeatable", m.version, problem)]);
            }
        }
        Ok(Vec::new())
    }
}

/// What the files alone tell.
pub fn validate_files(files: &[Migration]) -> Vec<Problem> {
    let mut found = Vec::new();
    for m in files {
        match m.down {
            None => {
                let message = format!(
                    "{} has no way back; write rollbacks/{}.sql (one that only raises, if there is none)",
                    m.stem(),
                    m.stem()
                );
                found.push(Problem::new("no-way-back", m.version, message));
            }
            Some(down) if statements(down).is_empty() => {
                let message = format!("the way back of {} is empty", m.stem());
                found.push(Problem::new("no-way-back", m.version, message));
            }
            Some(_) => {}
        }
        for text in [Some(m.up), m.down].into_iter().flatten() {
            let all = statements(text);
            if all.len() > 1
                && let Some(lonely) = all.iter().find(|statement| !statement.transactional())
            {
                let message = format!(
                    "{}: {} cannot run in a transaction; put it alone into a file of its own",
                    m.stem(),
                    lonely.summary()
                );
                found.push(Problem::new("not-alone", m.version, message));
            }
        }
    }
    found
}
