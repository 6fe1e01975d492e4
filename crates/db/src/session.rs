//! The pool, scoped sessions and transactions.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{ManagerConfig, Object, Pool, PoolConfig, RecyclingMethod, Runtime, Timeouts};
use futures_util::future::{join, join3};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};

use crate::statement::Statement;
use crate::{Error, ErrorKind, Result, Scope, scope};

/// How to reach the database.
#[derive(Clone)]
pub struct Config {
    /// A connection string of libpq's form, for a login role that may take the roles `authenticated` and
    /// `service_role` and has no grants of its own (`authenticator`).
    pub url: String,
    /// Connections held at most.
    pub pool_size: usize,
    /// What `pg_stat_activity` shows.
    pub application_name: String,
}

impl fmt::Debug for Config {
    // The URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("pool_size", &self.pool_size).finish_non_exhaustive()
    }
}

impl Config {
    pub(crate) fn postgres(&self) -> Result<tokio_postgres::Config> {
        let mut config: tokio_postgres::Config = self.url.parse().map_err(|e: tokio_postgres::Error| {
            Error::new(
                ErrorKind::Invalid("database-url".into()),
                "connect",
                format!("the database URL cannot be read: {e}"),
            )
        })?;
        config.application_name(&self.application_name);
        config.connect_timeout(Duration::from_secs(10));
        Ok(config)
    }
}

/// The database: a pool of connections that nothing outside this crate can take from.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    config: Config,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Database {
    /// Makes the pool; connections are opened when they are first needed.
    ///
    /// # Errors
    /// The URL cannot be read.
    pub fn new(config: Config) -> Result<Self> {
        let manager = deadpool_postgres::Manager::from_config(
            config.postgres()?,
            NoTls,
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let wait = Some(Duration::from_secs(10));
        let pool = Pool::builder(manager)
            .config(PoolConfig {
                max_size: config.pool_size,
                timeouts: Timeouts { wait, create: wait, recycle: wait },
                ..PoolConfig::default()
            })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| Error::new(ErrorKind::Bug, "connect", e.to_string()))?;
        Ok(Self { pool, config })
    }

    /// A session for whoever asks.
    pub fn session<S: Scope>(&self, scope: &S) -> Session<S> {
        Session { pool: self.pool.clone(), scope: scope.clone() }
    }

    /// Whether the server answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<()> {
        let client = self.pool.get().await.map_err(Error::pool)?;
        client.batch_execute("").await.map_err(|e| Error::postgres("ping", e))
    }

    /// Closes every connection that is not in use, and the others when they come back. Nothing can be begun after it.
    pub fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }
}

/// Somebody's access to the database.
#[derive(Clone)]
pub struct Session<S> {
    pool: Pool,
    scope: S,
}

impl<S: Scope> Session<S> {
    /// Takes a connection. BEGIN and the scope leave with the first statement, in one round trip.
    ///
    /// # Errors
    /// No connection can be had.
    pub async fn begin(&self) -> Result<Tx<S>> {
        self.begin_as("begin").await
    }

    /// As [`Session::begin`], but every statement sees the database as it was at the first one, and none may write.
    ///
    /// # Errors
    /// No connection can be had.
    pub async fn begin_snapshot(&self) -> Result<Tx<S>> {
        self.begin_as("begin isolation level repeatable read read only").await
    }

    async fn begin_as(&self, begin: &'static str) -> Result<Tx<S>> {
        let client = self.pool.get().await.map_err(Error::pool)?;
        Ok(Tx {
            client: Some(client),
            scope: self.scope.clone(),
            begin,
            begun: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        })
    }
}

/// A transaction in somebody's name. Dropped without [`Tx::commit`], it is rolled back.
pub struct Tx<S> {
    client: Option<Object>,
    scope: S,
    begin: &'static str,
    begun: AtomicBool,
    failed: AtomicBool,
}

impl<S> Drop for Tx<S> {
    fn drop(&mut self) {
        // An open transaction must not go back to the pool. Closing the connection makes the server roll back.
        if let Some(client) = self.client.take()
            && *self.begun.get_mut()
        {
            drop(Object::take(client));
        }
    }
}

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

impl<S: Scope> Tx<S> {
    /// Commits. What was read or written before is durable once this returns.
    ///
    /// # Errors
    /// A statement failed before, so there is nothing to commit; the server refused; or the connection broke: then it
    /// is unknown whether it took effect.
    pub async fn commit(mut self) -> Result<()> {
        self.check_whole()?;
        if *self.begun.get_mut()
            && let Some(client) = &self.client
        {
            client.batch_execute("commit").await.map_err(|e| Error::postgres("commit", e))?;
        }
        *self.begun.get_mut() = false;
        Ok(())
    }

    /// Commits, and then wakes the workers that listen. A separate transaction: a commit that carries a NOTIFY takes
    /// a lock that serialises all commits of the server (ADR 0003).
    ///
    /// # Errors
    /// As [`Tx::commit`]. A wake-up that fails is none: workers poll too.
    pub async fn commit_and_wake(mut self) -> Result<()> {
        self.check_whole()?;
        if *self.begun.get_mut()
            && let Some(client) = &self.client
        {
            let (committed, woken) =
                join(client.batch_execute("commit"), client.batch_execute("notify colophon_jobs")).await;
            committed.map_err(|e| Error::postgres("commit", e))?;
            if let Err(error) = woken {
                tracing::debug!(%error, "workers could not be woken; they will find the job when they poll");
            }
        }
        *self.begun.get_mut() = false;
        Ok(())
    }

    pub(crate) async fn query(&self, statement: Statement, params: Params<'_>) -> Result<Vec<Row>> {
        let client = self.client()?;
        let prepared =
            client.prepare_cached(statement.sql).await.map_err(|e| self.refused(statement.name, e))?;
        let run = client.query(&prepared, params);
        self.enter_with(client, run).await?.map_err(|e| self.refused(statement.name, e))
    }

    /// For statements whose filters may be absent: sent unprepared, so that each call is planned for what it asks.
    pub(crate) async fn query_planned(
        &self,
        statement: Statement,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>> {
        let client = self.client()?;
        let run = client.query_typed(statement.sql, params);
        self.enter_with(client, run).await?.map_err(|e| self.refused(statement.name, e))
    }

    pub(crate) async fn query_opt(&self, statement: Statement, params: Params<'_>) -> Result<Option<Row>> {
        Ok(self.query(statement, params).await?.into_iter().next())
    }

    pub(crate) async fn query_one(&self, statement: Statement, params: Params<'_>) -> Result<Row> {
        self.query_opt(statement, params)
            .await?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, statement.name, "no row"))
    }

    pub(crate) async fn execute(&self, statement: Statement, params: Params<'_>) -> Result<u64> {
        let client = self.client()?;
        let prepared =
            client.prepare_cached(statement.sql).await.map_err(|e| self.refused(statement.name, e))?;
        let run = client.execute(&prepared, params);
        self.enter_with(client, run).await?.map_err(|e| self.refused(statement.name, e))
    }

    fn client(&self) -> Result<&Object> {
        self.client.as_ref().ok_or_else(|| Error::new(ErrorKind::Bug, "begin", "the transaction has ended"))
    }

    /// PostgreSQL answers COMMIT of a failed transaction with a rollback and no error, so we have to remember.
    fn refused(&self, statement: &'static str, error: tokio_postgres::Error) -> Error {
        self.failed.store(true, Ordering::Release);
        Error::postgres(statement, error)
    }

    fn check_whole(&mut self) -> Result<()> {
        if *self.failed.get_mut() {
            let message = "a statement of this transaction failed, so nothing of it was kept";
            return Err(Error::new(ErrorKind::Bug, "commit", message));
        }
        Ok(())
    }

    /// The first statement takes BEGIN and the scope with it: the three are sent at once, in this order, since
    /// tokio-postgres sends a request when its future is first polled. If the scope is refused, the transaction is
    /// aborted and the statement fails with it.
    async fn enter_with<T>(&self, client: &Object, run: impl Future<Output = T>) -> Result<T> {
        if self.begun.load(Ordering::Acquire) {
            return Ok(run.await);
        }
        let enter =
            client.prepare_cached(scope::ENTER.sql).await.map_err(|e| self.refused(scope::ENTER.name, e))?;
        self.begun.store(true, Ordering::Release);
        let (role, claims, timeout) =
            (self.scope.role(), self.scope.claims(), self.scope.statement_timeout());
        let settings: Params<'_> = &[&role, &claims, &timeout, &"10s"];
        let (begun, entered, ran) =
            join3(client.batch_execute(self.begin), client.execute(&enter, settings), run).await;
        begun.map_err(|e| self.refused("begin", e))?;
        entered.map_err(|e| self.refused(scope::ENTER.name, e))?;
        Ok(ran)
    }
}

/// A row's column, by name.
pub(crate) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    name: &'static str,
) -> Result<T> {
    row.try_get(name).map_err(|e| Error::new(ErrorKind::Corrupt, "decode", format!("column {name}: {e}")))
}
