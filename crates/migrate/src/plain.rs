//! Making a plain server look like a Supabase project, as far as the migrations need it.

use colophon_connection::ConnectionUrl;
use tokio_postgres::Client;

use crate::Error;
use crate::connection::{connector, lock, unlock};
use crate::error::{doing, reading};
use crate::files::plain;
use crate::prepared::check_roles;
use crate::runner::Options;

/// Gives a plain server the roles that a Supabase project has, and makes `database` if it is absent, owned by
/// `postgres`. `url` is for a superuser and names another database of that server; may be run again, and by several
/// programs at once.
///
/// # Errors
/// The server cannot be reached, or the role may not create roles.
pub async fn prepare_plain_server(url: &str, database: &str) -> Result<(), Error> {
    let client = connector(&ConnectionUrl::parse(url)?)?.connect().await?;
    lock(&client, Options::default().lock_wait, |_| {}).await?;
    let result = prepare_server(&client, database).await;
    unlock(&client).await?;
    result
}

async fn prepare_server(client: &Client, database: &str) -> Result<(), Error> {
    run_plain(client, 0..1).await?;
    let absent = "select format('create database %I owner postgres', $1::text)
        where not exists (select from pg_database where datname = $1)";
    if let Some(row) = client.query_opt(absent, &[&database]).await.map_err(reading)? {
        client.batch_execute(row.get(0)).await.map_err(doing(format!("making the database {database}")))?;
    }
    Ok(())
}

/// Gives a database of a plain server the functions that a Supabase project has. `url` is for a superuser and names
/// that database; may be run again, and by several programs at once.
///
/// # Errors
/// As [`prepare_plain_server`].
pub async fn prepare_plain_database(url: &str) -> Result<(), Error> {
    let client = connector(&ConnectionUrl::parse(url)?)?.connect().await?;
    lock(&client, Options::default().lock_wait, |_| {}).await?;
    let result = prepare_database(&client).await;
    unlock(&client).await?;
    result
}

pub(crate) async fn prepare_database(client: &Client) -> Result<(), Error> {
    check_roles(client).await?;
    run_plain(client, 1..plain().len()).await
}

async fn run_plain(client: &Client, files: std::ops::Range<usize>) -> Result<(), Error> {
    client.batch_execute("set client_min_messages = warning").await.map_err(reading)?;
    for (name, sql) in &plain()[files] {
        client.batch_execute(sql).await.map_err(doing(format!("preparing a plain server ({name})")))?;
    }
    Ok(())
}
