//! Which pooler stands between a program and its database.

use std::time::Duration;

use tokio_postgres::{Client, SimpleQueryMessage};

use crate::{ConnectionUrl, Connector, Error, Form};

/// How long a second connection may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the question is asked: other clients of a pooler may make one answer look right by chance.
const ROUNDS: usize = 3;

/// Which pooler stands between a program and its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooler {
    /// None, or none that can be told from none.
    None,
    /// Each connection has a session of its own.
    Session,
    /// Each transaction has a server process, and nothing of a session outlives it: no prepared statement, no LISTEN,
    /// no session lock.
    Transaction,
}

impl ConnectionUrl {
    /// The pooler, where the string itself tells.
    pub fn pooler(&self) -> Option<Pooler> {
        match self.form() {
            _ if self.says_pgbouncer => Some(Pooler::Transaction),
            Form::UnixSocket | Form::Direct => None,
            Form::SupabaseDirect => Some(Pooler::None),
            Form::SupabaseSessionPooler => Some(Pooler::Session),
            Form::SupabaseTransactionPooler { .. } => Some(Pooler::Transaction),
        }
    }
}

impl Connector {
    /// The pooler: what the string tells, else what two connections find out.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn pooler(&self) -> Result<Pooler, Error> {
        match self.url().pooler() {
            Some(pooler) => Ok(pooler),
            None => self.probe(&self.connect().await?).await,
        }
    }

    /// The pooler, found out with a client of this connector and one more. Two connections of which each has a server
    /// process of its own, and keeps it while the other works, are what a pooler in transaction mode cannot give.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn probe(&self, client: &Client) -> Result<Pooler, Error> {
        // Who gets no second connection has no pooler in that mode, which would share the first one out.
        let other = match tokio::time::timeout(PATIENCE, self.connect()).await {
            Err(_) => return Ok(Pooler::None),
            Ok(Err(error)) if error.is_full() => return Ok(Pooler::None),
            Ok(other) => other?,
        };
        let mine = process(client).await?;
        let theirs = process(&other).await?;
        for _ in 0..ROUNDS {
            if mine == theirs {
                // Asking on inside a transaction would wait for ever where the pool holds one connection.
                return Ok(Pooler::Transaction);
            }
            run(&other, "begin").await?;
            let held = process(&other).await?;
            let again = process(client).await?;
            run(&other, "rollback").await?;
            if held != theirs || again != mine || process(client).await? != mine {
                return Ok(Pooler::Transaction);
            }
        }
        Ok(Pooler::None)
    }
}

async fn run(client: &Client, sql: &str) -> Result<(), Error> {
    client.batch_execute(sql).await.map_err(|e| Error::Asking(Box::new(e)))
}

/// The server process that answers now. A simple query: a pooler might not know a prepared one any more.
async fn process(client: &Client) -> Result<Option<String>, Error> {
    let rows = client.simple_query("select pg_catalog.pg_backend_pid()").await;
    let rows = rows.map_err(|e| Error::Asking(Box::new(e)))?;
    Ok(rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}
