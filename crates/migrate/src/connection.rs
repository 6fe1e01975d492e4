//! A session of one's own, and the one lock that all migrators share.

use std::time::{Duration, Instant};

use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::Error;
use crate::error::reading;

/// Any number that no other program is likely to use: the letters "colophon" as a 64-bit integer.
const LOCK: i64 = i64::from_be_bytes(*b"colophon");

/// The port of the platform's pooler in transaction mode.
const TRANSACTION_PORT: u16 = 6543;

/// How long a second connection may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn configure(url: &str) -> Result<Config, Error> {
    let mut config: Config = url.parse().map_err(Error::Connect)?;
    config.application_name("colophon migrate");
    config.connect_timeout(Duration::from_secs(10));
    Ok(config)
}

pub(crate) async fn connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = config.connect(NoTls).await.map_err(Error::Connect)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the migrations' connection broke");
        }
    });
    Ok(client)
}

/// Refuses a pooler in transaction mode: behind it a session lock belongs to nobody. Two connections of which each
/// has a server process of its own, and keeps it while the other works, are what a pooler in that mode cannot give.
pub(crate) async fn refuse_pooler(config: &Config, client: &Client) -> Result<(), Error> {
    let supabase = config
        .get_hosts()
        .iter()
        .any(|host| matches!(host, Host::Tcp(name) if name.ends_with(".supabase.com") || name.ends_with(".supabase.co")));
    if supabase && config.get_ports().contains(&TRANSACTION_PORT) {
        return Err(Error::Pooler { found: "port 6543 is the pooler in transaction mode".to_owned() });
    }
    let found = || {
        Error::Pooler {
        found: "a pooler in transaction mode stands before the database (one server process answers for two connections)"
            .to_owned(),
    }
    };
    let second = async {
        let other = connect(config).await?;
        let theirs = process(&other).await?;
        Ok((other, theirs))
    };
    // Who gets no second connection has no pooler in that mode, which would share the first one out.
    let (other, theirs) = match tokio::time::timeout(PATIENCE, second).await {
        Err(_) => return Ok(()),
        Ok(Err(error)) if full(&error) => return Ok(()),
        Ok(second) => second?,
    };
    let mine = process(client).await?;
    if mine == theirs {
        // Asking on inside a transaction would wait for ever where the pool holds one connection.
        return Err(found());
    }
    other.batch_execute("begin").await.map_err(reading)?;
    let held = process(&other).await?;
    let again = process(client).await?;
    other.batch_execute("rollback").await.map_err(reading)?;
    if held == theirs && again == mine { Ok(()) } else { Err(found()) }
}

fn full(error: &Error) -> bool {
    matches!(error, Error::Connect(source) if source.code() == Some(&SqlState::TOO_MANY_CONNECTIONS))
}

/// The server process that answers now. A simple query: a pooler might not know a prepared one any more.
async fn process(client: &Client) -> Result<Option<String>, Error> {
    let rows = client.simple_query("select pg_catalog.pg_backend_pid()").await.map_err(reading)?;
    Ok(rows.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    }))
}

/// Takes the lock, polling: whoever waited inside the server would hold a snapshot, for which a concurrent build of an
/// index would wait in turn.
pub(crate) async fn lock(
    client: &Client,
    wait: Duration,
    mut waiting: impl FnMut(&str),
) -> Result<(), Error> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        let row = client.query_one("select pg_try_advisory_lock($1)", &[&LOCK]).await.map_err(reading)?;
        if row.get::<_, bool>(0) {
            return Ok(());
        }
        if begun.elapsed() >= wait {
            return Err(Error::Locked { holder: holder(client).await });
        }
        if !told {
            waiting(&holder(client).await);
            told = true;
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(100..300))).await;
    }
}

pub(crate) async fn unlock(client: &Client) -> Result<(), Error> {
    client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await.map(drop).map_err(reading)
}

async fn holder(client: &Client) -> String {
    let who = "select format('process %s, %s, role %s, from %s, since %s', a.pid, a.application_name, a.usename,
            coalesce(host(a.client_addr), 'this machine'), to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'))
        from pg_locks l join pg_stat_activity a using (pid)
        where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
          and (l.classid::bigint << 32 | l.objid::bigint) = $1";
    match client.query_opt(who, &[&LOCK]).await {
        Ok(Some(row)) => row.get(0),
        _ => "unknown".to_owned(),
    }
}
