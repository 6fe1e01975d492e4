//! Does a server have what the migrations take for given?

use tokio_postgres::Client;

use crate::Error;
use crate::error::reading;
use crate::files::Migration;
use crate::split::statements;

/// What every Supabase project has and this database lacks, as people and as statements name it. By the catalogs, since
/// `to_regclass` fails for a role that may not look into the schema.
const LACKING: &str = "
    select kind, name from (
      select 'role', r from unnest(array['postgres', 'anon', 'authenticated', 'service_role', 'authenticator']) r
      where not exists (select from pg_roles where rolname = r)
      union all
      select 'function', f from unnest(array['auth.uid', 'storage.foldername']) f
      where not exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
                        where n.nspname || '.' || p.proname = f)
      union all
      select 'table', t from unnest(array['storage.buckets', 'storage.objects']) t
      where not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                        where n.nspname || '.' || c.relname = t)
    ) lacking (kind, name)
    order by kind <> 'role', kind, name";

/// Refuses where these files name something that a server of one's own has only once it was prepared. Without this the
/// first file would fail on it, and say nothing of what to do.
pub(crate) async fn check(client: &Client, pending: &[&Migration]) -> Result<(), Error> {
    let lacking = lacking(client).await?;
    if lacking.is_empty() {
        return Ok(());
    }
    let all: Vec<_> = pending.iter().flat_map(|m| statements(m.up)).collect();
    let named = |name: &str| {
        let words = match name.split_once('.') {
            Some((schema, object)) => vec![schema, ".", object],
            None => vec![name],
        };
        all.iter().any(|statement| statement.has(&words))
    };
    refuse(lacking.into_iter().filter(|(_, name)| named(name)))
}

/// Refuses where the server lacks the roles without which a database of it cannot be prepared.
pub(crate) async fn check_roles(client: &Client) -> Result<(), Error> {
    refuse(lacking(client).await?.into_iter().filter(|(kind, _)| kind == "role"))
}

async fn lacking(client: &Client) -> Result<Vec<(String, String)>, Error> {
    let rows = client.query(LACKING, &[]).await.map_err(reading)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn refuse(lacking: impl Iterator<Item = (String, String)>) -> Result<(), Error> {
    let lacking: Vec<String> = lacking.map(|(kind, name)| format!("{kind} {name}")).collect();
    if lacking.is_empty() { Ok(()) } else { Err(Error::Unprepared { lacking: lacking.join(", ") }) }
}
