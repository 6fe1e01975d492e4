//! The pool, scoped sessions and transactions.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use colophon_connection::{ConnectionUrl, Connector, Pooler};
use colophon_domain::{DocumentId, JobId};
use colophon_traces::span;
use deadpool_postgres::{Object, Pool};
use futures_util::future::{join, join3};
use tokio_postgres::Row;
use tracing::Span;
use tracing::field::Empty;

use crate::announce::Announcer;
use crate::listen::Ear;
use crate::parameter::{Params, typed, values};
use crate::statement::Statement;
use crate::{Error, ErrorKind, Result, Scope, pool, scope};

/// Nothing of it is to be kept, so nobody waits for the disk.
const WAKE: &str = "set local synchronous_commit = off; notify colophon_jobs";

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct Config {
    /// For a login role that may take the roles `authenticated` and `service_role` and has no grants of its own
    /// (`authenticator`).
    pub url: ConnectionUrl,
    /// A way past the pooler, for what needs a session of its own: listening for wake-ups. Not needed where `url` is
    /// such a way.
    pub direct_url: Option<ConnectionUrl>,
    /// What stands behind `url`. Through [`Pooler::Transaction`] every statement goes unnamed, with its types.
    pub pooler: Pooler,
    /// Connections held at most.
    pub pool_size: usize,
    /// What `pg_stat_activity` shows.
    pub application_name: String,
}

/// The database: a pool of connections that nothing outside this crate can take from.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    pool: Pool,
    connector: Connector,
    listening: Option<Connector>,
    ear: Ear,
    announcer: Announcer,
    pooler: Pooler,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.0.connector).field(&self.0.pooler).finish()
    }
}

impl Database {
    /// Makes the pool; connections are opened when they are first needed.
    ///
    /// # Errors
    /// The authorities' certificates that the URL names cannot be read.
    pub fn new(config: Config) -> Result<Self> {
        let Config { url, direct_url, pooler, pool_size, application_name } = config;
        let connector = |url: &ConnectionUrl| url.connector(&application_name).map_err(Error::connection);
        let listening = match (&direct_url, pooler) {
            (None, Pooler::Transaction) => None,
            (direct, _) => Some(connector(direct.as_ref().unwrap_or(&url))?),
        };
        let connector = connector(&url)?;
        let pool = pool::make(&connector, pool_size)?;
        let announcer = Announcer::new(pool.clone(), connector.clone());
        Ok(Self(Arc::new(Inner { pool, connector, listening, ear: Ear::default(), announcer, pooler })))
    }

    /// A session for whoever asks.
    pub fn session<S: Scope>(&self, scope: &S) -> Session<S> {
        Session { database: self.clone(), scope: scope.clone() }
    }

    /// Whether the server answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<()> {
        self.client().await?.batch_execute("").await.map_err(|e| Error::postgres("ping", e))
    }

    /// Closes every connection that is not in use, and the others when they come back. Nothing can be begun after it.
    pub fn close(&self) {
        self.0.pool.close();
    }

    /// Tells the metrics how the pool stands.
    pub fn measure_pool(&self) {
        let status = self.0.pool.status();
        let in_use = status.size.saturating_sub(status.available);
        colophon_metrics::get().database.pool(status.max_size, status.size, in_use, status.waiting);
    }

    /// Connections at most.
    pub fn pool_size(&self) -> usize {
        self.0.pool.status().max_size
    }

    /// What can listen: it has a session of its own. `None` where only a pooler in transaction mode is known.
    pub(crate) fn listening(&self) -> Option<&Connector> {
        self.0.listening.as_ref()
    }

    /// The one connection of this process that listens, while anybody wants it.
    pub(crate) fn ear(&self) -> &Ear {
        &self.0.ear
    }

    /// Waits until what changed of jobs has been announced, a second at most: for a program that is about to end.
    pub async fn announced(&self) {
        self.0.announcer.announced().await;
    }

    async fn client(&self) -> Result<Object> {
        pool::take(&self.0.pool, &self.0.connector).await
    }
}

/// Somebody's access to the database.
#[derive(Clone)]
pub struct Session<S> {
    database: Database,
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
        Ok(Tx {
            client: Some(self.database.client().await?),
            database: self.database.clone(),
            changed: Mutex::default(),
            unnamed: self.database.0.pooler == Pooler::Transaction,
            scope: self.scope.clone(),
            begin,
            document: OnceLock::new(),
            begun: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            is_last: AtomicBool::new(false),
            unanswered: AtomicUsize::new(0),
        })
    }
}

/// A transaction in somebody's name. Dropped without [`Tx::commit`], it is rolled back.
pub struct Tx<S> {
    client: Option<Object>,
    database: Database,
    /// Jobs that changed here: announced once this is committed.
    changed: Mutex<Vec<JobId>>,
    /// Nothing may be prepared by name: the next transaction may meet another server process.
    unnamed: bool,
    scope: S,
    begin: &'static str,
    /// The first document that was read: sent with the scope, so that policies ask for it once and not for each row.
    document: OnceLock<DocumentId>,
    begun: AtomicBool,
    failed: AtomicBool,
    /// COMMIT goes with the next statement.
    is_last: AtomicBool,
    /// Statements on their way. One whose future was dropped stays here for ever: how it ended, nobody knows.
    unanswered: AtomicUsize,
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

impl<S: Scope> Tx<S> {
    /// Commits. What was read or written before is durable once this returns.
    ///
    /// # Errors
    /// A statement failed before, or was broken off, so there is nothing to commit; the server refused; or the
    /// connection broke: then it is unknown whether it took effect.
    pub async fn commit(mut self) -> Result<()> {
        self.check_whole()?;
        if *self.begun.get_mut()
            && let Some(client) = &self.client
        {
            client.batch_execute("commit").await.map_err(|e| Error::postgres("commit", e))?;
        }
        *self.begun.get_mut() = false;
        self.announce();
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
            let commit = async {
                let committed = client.batch_execute("commit").await;
                // Who works in this process need not wait until the server tells it, too.
                self.database.0.ear.wake();
                committed
            };
            let (committed, woken) = join(commit, client.batch_execute(WAKE)).await;
            committed.map_err(|e| Error::postgres("commit", e))?;
            told(woken);
        } else if let Some(client) = &self.client {
            self.database.0.ear.wake();
            told(client.batch_execute(WAKE).await);
        }
        *self.begun.get_mut() = false;
        self.announce();
        Ok(())
    }

    /// Says that the next statement is the last: COMMIT leaves with it, in one round trip. [`Tx::commit`] is still to be
    /// called, and only waits no more. Where COMMIT fails, the statement says so; where the statement fails, nothing is kept.
    pub fn commit_with_next(&self) {
        self.is_last.store(true, Ordering::Release);
    }

    /// Says that these jobs change here. Whoever watches them is told once this is committed, in a transaction of its own.
    pub(crate) fn announces(&self, jobs: impl IntoIterator<Item = JobId>) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).extend(jobs);
    }

    fn announce(&mut self) {
        let changed = std::mem::take(self.changed.get_mut().unwrap_or_else(PoisonError::into_inner));
        self.database.0.announcer.announce(&changed);
    }

    /// Takes everything back, and keeps the connection: dropping the transaction would close it.
    ///
    /// # Errors
    /// The connection broke; everything is taken back all the same.
    pub async fn rollback(mut self) -> Result<()> {
        if *self.unanswered.get_mut() == 0
            && *self.begun.get_mut()
            && let Some(client) = &self.client
        {
            client.batch_execute("rollback").await.map_err(|e| Error::postgres("rollback", e))?;
            *self.begun.get_mut() = false;
        }
        Ok(())
    }

    /// Says that what follows reads this document. Only the first one of a transaction counts, and only before its first
    /// statement; whatever else is read is found all the same, at one look-up for each row.
    pub(crate) fn reading(&self, document: DocumentId) -> &Self {
        self.document.get_or_init(|| document);
        self
    }

    /// Whether a person asks, and not the platform.
    pub fn is_of_a_person(&self) -> bool {
        self.scope.person().is_some()
    }

    /// The person who asks, as rows name them.
    pub(crate) fn person(&self) -> Option<String> {
        self.scope.person().map(|person| person.to_string())
    }

    pub(crate) async fn query(&self, statement: Statement, params: Params<'_>) -> Result<Vec<Row>> {
        if self.unnamed {
            return self.query_planned(statement, params).await;
        }
        let running = Running::begin(statement);
        let client = self.client()?;
        let prepared = self.prepare(client, statement, params).await?;
        let values = values(params);
        let run = client.query(&prepared, &values);
        running
            .end(self.enter_with(client, statement, run).await?.map_err(|e| self.refused(statement.name, e)))
    }

    /// For statements whose filters may be absent: sent unprepared, so that each call is planned for what it asks.
    pub(crate) async fn query_planned(&self, statement: Statement, params: Params<'_>) -> Result<Vec<Row>> {
        let running = Running::begin(statement);
        let client = self.client()?;
        let typed = typed(params);
        let run = client.query_typed(statement.sql, &typed);
        running
            .end(self.enter_with(client, statement, run).await?.map_err(|e| self.refused(statement.name, e)))
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
        let running = Running::begin(statement);
        let client = self.client()?;
        let ran = if self.unnamed {
            let typed = typed(params);
            self.enter_with(client, statement, client.execute_typed(statement.sql, &typed)).await?
        } else {
            let prepared = self.prepare(client, statement, params).await?;
            let values = values(params);
            self.enter_with(client, statement, client.execute(&prepared, &values)).await?
        };
        running.end(ran.map_err(|e| self.refused(statement.name, e)))
    }

    /// Once for each connection.
    async fn prepare(
        &self,
        client: &Object,
        statement: Statement,
        params: Params<'_>,
    ) -> Result<tokio_postgres::Statement> {
        let prepared = self.answer(client.prepare_cached(statement.sql)).await;
        let prepared = prepared.map_err(|e| self.refused(statement.name, e))?;
        // So every test through a named statement says whether the unnamed one would mean the same.
        debug_assert!(
            prepared.params().iter().eq(params.iter().map(|p| p.sql_type()).collect::<Vec<_>>().iter()),
            "{}: the server infers {:?}; bind these types, or cast in the statement",
            statement.name,
            prepared.params()
        );
        Ok(prepared)
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
        if *self.unanswered.get_mut() > 0 {
            let message = "a statement of this transaction was broken off, so nothing of it is kept";
            return Err(Error::new(ErrorKind::Bug, "commit", message));
        }
        Ok(())
    }

    /// Waits for an answer, and remembers where nobody did.
    async fn answer<T>(&self, run: impl Future<Output = T>) -> T {
        self.unanswered.fetch_add(1, Ordering::AcqRel);
        let answered = run.await;
        self.unanswered.fetch_sub(1, Ordering::AcqRel);
        answered
    }

    /// The first statement takes BEGIN and the scope with it: the three are sent at once, in this order, since
    /// tokio-postgres sends a request when its future is first polled. If the scope is refused, the transaction is
    /// aborted and the statement fails with it.
    async fn enter_with<T>(
        &self,
        client: &Object,
        statement: Statement,
        run: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<std::result::Result<T, tokio_postgres::Error>> {
        // Boxed: it stands in every branch below, and in every future above.
        let run = Box::pin(self.with_commit(client, run));
        if self.begun.load(Ordering::Acquire) {
            return Ok(self.answer(run).await);
        }
        let Self { scope, .. } = self;
        let (role, claims, subject, timeout) =
            (scope.role(), scope.claims(), scope.subject(), scope.statement_timeout());
        let document = self.document.get().map(DocumentId::to_string).unwrap_or_default();
        // What is not prepared is planned each time anyway.
        let plans = if statement.planned_once && !self.unnamed { "force_generic_plan" } else { "auto" };
        let settings: Params<'_> = &[&role, &claims, &subject, &timeout, &"10s", &document, &plans];
        let (begun, entered, ran) = if self.unnamed {
            let settings = typed(settings);
            self.begun.store(true, Ordering::Release);
            let enter = client.execute_typed(scope::ENTER.sql, &settings);
            self.answer(join3(client.batch_execute(self.begin), enter, run)).await
        } else {
            let enter = self.prepare(client, scope::ENTER, settings).await?;
            let settings = values(settings);
            self.begun.store(true, Ordering::Release);
            let enter = client.execute(&enter, &settings);
            self.answer(join3(client.batch_execute(self.begin), enter, run)).await
        };
        begun.map_err(|e| self.refused("begin", e))?;
        entered.map_err(|e| self.refused(scope::ENTER.name, e))?;
        Ok(ran)
    }

    /// Where the statement is the last one, COMMIT is on its way behind it. What is refused is rolled back by it.
    async fn with_commit<T>(
        &self,
        client: &Object,
        run: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> std::result::Result<T, tokio_postgres::Error> {
        if !self.is_last.load(Ordering::Acquire) {
            return run.await;
        }
        let (ran, committed) = join(run, client.batch_execute("commit")).await;
        let ran = ran?;
        committed?;
        self.begun.store(false, Ordering::Release);
        Ok(ran)
    }
}

fn told(woken: std::result::Result<(), tokio_postgres::Error>) {
    if let Err(error) = woken {
        tracing::debug!(%error, "workers could not be woken; they will find the job when they poll");
    }
}

/// A statement as a span, by its name. Its parameters are somebody's, and so is what an error says.
struct Running(Span);

impl Running {
    fn begin(statement: Statement) -> Self {
        Self(span!(
            "statement",
            otel.name = statement.name,
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "postgresql",
        ))
    }

    fn end<T>(self, ran: Result<T>) -> Result<T> {
        if ran.is_err() {
            self.0.record("otel.status_code", "ERROR");
        }
        ran
    }
}

/// A row's column, by name.
pub(crate) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    name: &'static str,
) -> Result<T> {
    row.try_get(name).map_err(|e| Error::new(ErrorKind::Corrupt, "decode", format!("column {name}: {e}")))
}
