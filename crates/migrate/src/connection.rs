//! A session of one's own, and the one lock that all migrators share.

use std::time::{Duration, Instant};

use colophon_connection::{ConnectionUrl, Connector, Pooler};
use tokio_postgres::Client;

use crate::Error;
use crate::error::reading;

/// Any number that no other program is likely to use: the letters "colophon" as a 64-bit integer.
const LOCK: i64 = i64::from_be_bytes(*b"colophon");

pub(crate) fn connector(url: &ConnectionUrl) -> Result<Connector, Error> {
    Ok(url.connector("colophon migrate")?)
}

/// Refuses a pooler in transaction mode: behind it a session lock belongs to nobody.
pub(crate) async fn refuse_pooler(connector: &Connector, client: &Client) -> Result<(), Error> {
    let told = connector.url().pooler();
    let found = if told == Some(Pooler::Transaction) {
        "the connection string leads to a pooler in transaction mode (port 6543, or pgbouncer=true)"
    } else if told.is_none() && connector.probe(client).await? == Pooler::Transaction {
        "a pooler in transaction mode stands before the database (one server process answers for two connections)"
    } else {
        return Ok(());
    };
    Err(Error::Pooler { found: found.to_owned() })
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
