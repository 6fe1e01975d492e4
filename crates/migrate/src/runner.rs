//! Applying and undoing, one transaction each, under one lock.

use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

use crate::files::{Migration, migrations, plain};
use crate::{Error, StatementError};

/// Any number that no other program is likely to use: the letters "colophon" as a 64-bit integer.
const LOCK: i64 = i64::from_be_bytes(*b"colophon");

/// How long a migrator waits for another one.
const LOCK_WAIT: Duration = Duration::from_mins(1);

/// A connection that changes the schema. It needs a session of its own (no transaction pooler).
pub struct Migrator {
    client: Client,
}

impl std::fmt::Debug for Migrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator").finish_non_exhaustive()
    }
}

/// A migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// 14 digits.
    pub version: String,
    /// The rest of the file's name; absent where only the database knows the version.
    pub name: Option<String>,
    /// In the database.
    pub applied: bool,
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

/// A migration that was applied or undone.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The migration.
    pub migration: Migration,
    /// How long it took.
    pub took: Duration,
}

impl Migrator {
    /// Connects. The URL must be direct or of a session pooler, for the role that owns the tables.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self, Error> {
        Ok(Self { client: connect(url).await? })
    }

    /// Every migration that the program or the database knows, in order.
    ///
    /// # Errors
    /// The history cannot be read.
    pub async fn status(&self) -> Result<Vec<Status>, Error> {
        let applied = self.applied().await?;
        let mut all: Vec<Status> = migrations()
            .iter()
            .map(|m| Status {
                version: m.version.to_owned(),
                name: Some(m.name.to_owned()),
                applied: applied.iter().any(|version| version == m.version),
            })
            .collect();
        for version in applied {
            if !all.iter().any(|status| status.version == version) {
                all.push(Status { version, name: None, applied: true });
            }
        }
        all.sort_by(|a, b| a.version.cmp(&b.version));
        Ok(all)
    }

    /// Where the database stands against this program.
    ///
    /// # Errors
    /// The history cannot be read.
    pub async fn standing(&self) -> Result<Standing, Error> {
        let status = self.status().await?;
        if let Some(unknown) = status.iter().find(|s| s.name.is_none()) {
            return Ok(Standing::Ahead(unknown.version.clone()));
        }
        let pending = status.iter().filter(|s| !s.applied).count();
        Ok(if pending == 0 { Standing::Current } else { Standing::Behind(pending) })
    }

    /// Applies what is pending, in order, each in a transaction of its own. `report` is told of each.
    ///
    /// # Errors
    /// A migration failed (it was rolled back, those before it stay), the lock is held, or the database is newer.
    pub async fn up(&self, mut report: impl FnMut(&Applied)) -> Result<usize, Error> {
        self.lock().await?;
        let result = self.up_locked(&mut report).await;
        self.unlock().await?;
        result
    }

    async fn up_locked(&self, report: &mut impl FnMut(&Applied)) -> Result<usize, Error> {
        self.make_history().await?;
        if let Standing::Ahead(version) = self.standing().await? {
            return Err(Error::Newer { version });
        }
        let applied = self.applied().await?;
        let mut count = 0;
        for migration in migrations().into_iter().filter(|m| !applied.iter().any(|v| v == m.version)) {
            let what = format!("migration {}_{}", migration.version, migration.name);
            let record = "insert into supabase_migrations.schema_migrations (version, name) values ($1, $2)";
            let took = self.run(&what, migration.up, record, &[&migration.version, &migration.name]).await?;
            count += 1;
            report(&Applied { migration, took });
        }
        Ok(count)
    }

    /// Undoes the newest migrations: all after `version`, or the last one where `version` is absent.
    ///
    /// # Errors
    /// As [`Migrator::up`]; a version that is not known; a migration without its way back.
    pub async fn down(
        &self,
        version: Option<&str>,
        mut report: impl FnMut(&Applied),
    ) -> Result<usize, Error> {
        self.lock().await?;
        let result = self.down_locked(version, &mut report).await;
        self.unlock().await?;
        result
    }

    async fn down_locked(
        &self,
        version: Option<&str>,
        report: &mut impl FnMut(&Applied),
    ) -> Result<usize, Error> {
        let all = migrations();
        if let Some(version) = version
            && version != "0"
            && !all.iter().any(|m| m.version == version)
        {
            return Err(Error::Unknown { version: version.to_owned() });
        }
        if let Standing::Ahead(version) = self.standing().await? {
            return Err(Error::Newer { version });
        }
        let applied = self.applied().await?;
        let newest_first = all.into_iter().rev().filter(|m| applied.iter().any(|v| v == m.version));
        let doomed: Vec<Migration> = match version {
            Some(version) => newest_first.take_while(|m| m.version > version).collect(),
            None => newest_first.take(1).collect(),
        };
        if let Some(stuck) = doomed.iter().find(|m| m.down.is_none()) {
            return Err(Error::NoWayBack { version: stuck.version.to_owned() });
        }
        for &migration in &doomed {
            let what = format!("rollback {}_{}", migration.version, migration.name);
            let record = "delete from supabase_migrations.schema_migrations where version = $1";
            let took =
                self.run(&what, migration.down.unwrap_or_default(), record, &[&migration.version]).await?;
            report(&Applied { migration, took });
        }
        Ok(doomed.len())
    }

    /// One file and its history row, in one transaction.
    async fn run(
        &self,
        what: &str,
        sql: &str,
        record: &str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Duration, Error> {
        let failed = |source| Error::Statement { what: what.to_owned(), source: StatementError(source) };
        let begun = Instant::now();
        let transaction = async {
            self.client
                .batch_execute("begin; set local lock_timeout = '3s'; set local statement_timeout = 0")
                .await?;
            self.client.batch_execute(sql).await?;
            self.client.execute(record, params).await?;
            self.client.batch_execute("commit").await
        };
        if let Err(error) = transaction.await {
            // The connection may be gone; then the server rolls back by itself.
            let _ = self.client.batch_execute("rollback").await;
            return Err(failed(error));
        }
        Ok(begun.elapsed())
    }

    async fn applied(&self) -> Result<Vec<String>, Error> {
        let exists = "select to_regclass('supabase_migrations.schema_migrations') is not null";
        let row = self.client.query_one(exists, &[]).await.map_err(reading)?;
        if !row.get::<_, bool>(0) {
            return Ok(Vec::new());
        }
        let list = "select version from supabase_migrations.schema_migrations order by version";
        let rows = self.client.query(list, &[]).await.map_err(reading)?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The Supabase CLI's own statements (pkg/migration/history.go), so that either program may come first.
    async fn make_history(&self) -> Result<(), Error> {
        let ddl = "set client_min_messages = warning;
            create schema if not exists supabase_migrations;
            create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
            alter table supabase_migrations.schema_migrations add column if not exists statements text[];
            alter table supabase_migrations.schema_migrations add column if not exists name text;
            reset client_min_messages;";
        self.client.batch_execute(ddl).await.map_err(|source| Error::Statement {
            what: "making the history table".to_owned(),
            source: StatementError(source),
        })
    }

    async fn lock(&self) -> Result<(), Error> {
        let begun = Instant::now();
        loop {
            let row =
                self.client.query_one("select pg_try_advisory_lock($1)", &[&LOCK]).await.map_err(reading)?;
            if row.get::<_, bool>(0) {
                return Ok(());
            }
            if begun.elapsed() > LOCK_WAIT {
                return Err(Error::Locked { holder: self.holder().await });
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn unlock(&self) -> Result<(), Error> {
        self.client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await.map(drop).map_err(reading)
    }

    async fn holder(&self) -> String {
        let who = "select format('process %s, %s', a.pid, a.application_name) from pg_locks l
            join pg_stat_activity a using (pid)
            where l.locktype = 'advisory' and l.granted and (l.classid::bigint << 32 | l.objid::bigint) = $1";
        match self.client.query_opt(who, &[&LOCK]).await {
            Ok(Some(row)) => row.get(0),
            _ => "unknown".to_owned(),
        }
    }
}

fn reading(source: tokio_postgres::Error) -> Error {
    Error::Statement { what: "reading the migrations' history".to_owned(), source: StatementError(source) }
}

/// Gives a plain server the roles that a Supabase project has, and makes `database` if it is absent, owned by
/// `postgres`. `url` is for a superuser and names another database of that server; may be run again, and by several
/// programs at once.
///
/// # Errors
/// The server cannot be reached, or the role may not create roles.
pub async fn prepare_plain_server(url: &str, database: &str) -> Result<(), Error> {
    let migrator = Migrator::connect(url).await?;
    migrator.lock().await?;
    let result = prepare_server(&migrator.client, database).await;
    migrator.unlock().await?;
    result
}

async fn prepare_server(client: &Client, database: &str) -> Result<(), Error> {
    run_plain(client, 0..1).await?;
    let absent = "select format('create database %I owner postgres', $1::text)
        where not exists (select from pg_database where datname = $1)";
    if let Some(row) = client.query_opt(absent, &[&database]).await.map_err(reading)? {
        client.batch_execute(row.get(0)).await.map_err(|source| Error::Statement {
            what: format!("making the database {database}"),
            source: StatementError(source),
        })?;
    }
    Ok(())
}

/// Gives a database of a plain server the functions that a Supabase project has. `url` is for a superuser and names
/// that database; may be run again, and by several programs at once.
///
/// # Errors
/// As [`prepare_plain_server`].
pub async fn prepare_plain_database(url: &str) -> Result<(), Error> {
    let migrator = Migrator::connect(url).await?;
    migrator.lock().await?;
    let result = run_plain(&migrator.client, 1..plain().len()).await;
    migrator.unlock().await?;
    result
}

async fn run_plain(client: &Client, files: std::ops::Range<usize>) -> Result<(), Error> {
    client.batch_execute("set client_min_messages = warning").await.map_err(reading)?;
    for (name, sql) in &plain()[files] {
        client.batch_execute(sql).await.map_err(|source| Error::Statement {
            what: format!("preparing a plain server ({name})"),
            source: StatementError(source),
        })?;
    }
    Ok(())
}

async fn connect(url: &str) -> Result<Client, Error> {
    let mut config: tokio_postgres::Config = url.parse().map_err(Error::Connect)?;
    config.application_name("colophon migrate");
    config.connect_timeout(Duration::from_secs(10));
    let (client, connection) = config.connect(NoTls).await.map_err(Error::Connect)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the migrations' connection broke");
        }
    });
    Ok(client)
}
