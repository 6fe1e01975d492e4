//! What was applied, and by whom: the Supabase CLI's table, and beside it a log of ours that only grows.
//!
//! What only reads is never prepared by name, so that it works through a pooler in transaction mode too.

use std::time::Duration;

use tokio_postgres::types::Type;
use tokio_postgres::{GenericClient, SimpleQueryMessage};

use crate::Error;
use crate::error::{doing, reading};
use crate::files::Migration;
use crate::split::statements;

/// The Supabase CLI's own statements (pkg/migration/history.go), so that either program may come first, and the log.
/// It lives in a schema of its own, which no rollback drops.
pub(crate) const MAKE: &str = "set client_min_messages = warning; set lock_timeout = '4s';
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
alter table supabase_migrations.schema_migrations add column if not exists statements text[];
alter table supabase_migrations.schema_migrations add column if not exists name text;
create schema if not exists colophon_migrations;
revoke all on schema colophon_migrations from public;
create table if not exists colophon_migrations.log (
  id bigint generated always as identity primary key,
  version text not null,
  name text not null,
  direction text not null,
  result text not null,
  checksum text,
  duration_ms bigint,
  message text,
  who text not null default session_user,
  host text,
  program text,
  at timestamptz not null default clock_timestamp(),
  constraint log_direction_check check (direction in ('up', 'down', 'baseline', 'applied', 'reverted')),
  constraint log_result_check check (result in ('started', 'done', 'failed'))
);
create index if not exists log_version_idx on colophon_migrations.log (version, id);
revoke all on colophon_migrations.log from public;
create or replace function colophon_migrations.refuse() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'the log of migrations only grows' using errcode = 'insufficient_privilege';
end
$$;
revoke all on function colophon_migrations.refuse() from public;
create or replace trigger log_only_grows before update or delete or truncate on colophon_migrations.log
  for each statement execute function colophon_migrations.refuse();
reset lock_timeout; reset client_min_messages";

/// A row of `supabase_migrations.schema_migrations`.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) version: String,
    pub(crate) name: Option<String>,
    pub(crate) statements: Option<Vec<String>>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// The migration.
    pub version: String,
    /// The rest of its file's name.
    pub name: String,
    /// `up`, `down`, `baseline`, or what `repair` said: `applied`, `reverted`.
    pub direction: String,
    /// `started` (of what cannot run in a transaction), `done` or `failed`.
    pub result: String,
    /// SHA-256 of the file.
    pub checksum: Option<String>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// Why it failed.
    pub message: Option<String>,
    /// The role that logged in.
    pub who: String,
    /// The machine.
    pub host: Option<String>,
    /// The program and its version.
    pub program: Option<String>,
    /// When.
    pub at: jiff::Timestamp,
}

/// What is to be logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note<'a> {
    pub(crate) direction: &'a str,
    pub(crate) result: &'a str,
    pub(crate) took: Option<Duration>,
    pub(crate) message: Option<&'a str>,
    pub(crate) host: &'a str,
}

/// The program as the log names it.
pub(crate) const PROGRAM: &str = concat!("colophon ", env!("CARGO_PKG_VERSION"));

pub(crate) async fn make(client: &tokio_postgres::Client) -> Result<(), Error> {
    // Nearly always it is there; then nothing is locked, and a role that may not make schemas may go on.
    if exists(client, "supabase_migrations.schema_migrations").await?
        && exists(client, "colophon_migrations.log").await?
    {
        return Ok(());
    }
    client.batch_execute(MAKE).await.map_err(doing("making the history table"))
}

async fn exists(client: &impl GenericClient, table: &str) -> Result<bool, Error> {
    let sql = "select to_regclass($1) is not null";
    Ok(client.query_typed_one(sql, &[(&table, Type::TEXT)]).await.map_err(reading)?.get(0))
}

enum Access {
    Absent,
    Denied,
    Granted,
}

/// Is there a history, and may this role read it?
async fn access(client: &impl GenericClient) -> Result<Access, Error> {
    let sql = "select pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select')
        from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'supabase_migrations' and c.relname = 'schema_migrations'";
    let rows = client.query_typed(sql, &[]).await.map_err(reading)?;
    Ok(match rows.first().map(|row| row.get(0)) {
        None => Access::Absent,
        Some(false) => Access::Denied,
        Some(true) => Access::Granted,
    })
}

/// The applied versions, as a transaction of the platform may ask for them. One message, so that it is one
/// transaction behind a pooler too.
async fn versions(client: &impl GenericClient) -> Result<Vec<Row>, Error> {
    let there = "select exists (
            select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'colophon' and p.proname = 'applied_migrations'), session_user::text";
    let row = client.query_typed_one(there, &[]).await.map_err(reading)?;
    if !row.get::<_, bool>(0) {
        return Err(Error::Unreadable { role: row.get(1) });
    }
    let sql = "begin; set local role service_role; select colophon.applied_migrations(); commit";
    let answers = client.simple_query(sql).await.map_err(reading)?;
    let version = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    };
    let row = |version| Row { version, name: None, statements: None };
    Ok(answers.iter().filter_map(version).map(row).collect())
}

/// Is there a log, and may this role read it? The role that a program logs in with need not.
async fn has_log(client: &impl GenericClient) -> Result<bool, Error> {
    let sql = "select exists (
        select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'colophon_migrations' and c.relname = 'log'
          and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select'))";
    Ok(client.query_typed_one(sql, &[]).await.map_err(reading)?.get(0))
}

/// Every row of the history, in order. Whoever may not read it, as the role that a program logs in with, learns the
/// versions alone.
pub(crate) async fn rows(client: &impl GenericClient, with_statements: bool) -> Result<Vec<Row>, Error> {
    match access(client).await? {
        Access::Absent => return Ok(Vec::new()),
        Access::Denied => return versions(client).await,
        Access::Granted => {}
    }
    // A table made by an older CLI, or by hand, may lack the later columns.
    let sql = "select version, to_jsonb(h) ->> 'name',
            case when $1 and jsonb_typeof(to_jsonb(h) -> 'statements') = 'array'
                 then array(select jsonb_array_elements_text(to_jsonb(h) -> 'statements')) end
        from supabase_migrations.schema_migrations h order by version";
    let slim = "select version, null::text, null::text[] from supabase_migrations.schema_migrations
        where not $1 order by version";
    let sql = if with_statements { sql } else { slim };
    let rows = client.query_typed(sql, &[(&with_statements, Type::BOOL)]).await.map_err(reading)?;
    Ok(rows.iter().map(|row| Row { version: row.get(0), name: row.get(1), statements: row.get(2) }).collect())
}

/// The log, oldest first; empty where there is none.
pub(crate) async fn log(client: &impl GenericClient) -> Result<Vec<Entry>, Error> {
    if !has_log(client).await? {
        return Ok(Vec::new());
    }
    let sql =
        "select version, name, direction, result, checksum, duration_ms, message, who, host, program, at
        from colophon_migrations.log order by id";
    let rows = client.query_typed(sql, &[]).await.map_err(reading)?;
    Ok(rows
        .iter()
        .map(|row| Entry {
            version: row.get(0),
            name: row.get(1),
            direction: row.get(2),
            result: row.get(3),
            checksum: row.get(4),
            duration_ms: row.get(5),
            message: row.get(6),
            who: row.get(7),
            host: row.get(8),
            program: row.get(9),
            at: row.get(10),
        })
        .collect())
}

/// The checksum under which each version was last said to be applied; a version that came back is not in it.
pub(crate) async fn checksums(
    client: &impl GenericClient,
) -> Result<std::collections::HashMap<String, String>, Error> {
    if !has_log(client).await? {
        return Ok(std::collections::HashMap::new());
    }
    let sql = "select version, checksum from (
            select distinct on (version) version, direction, checksum from colophon_migrations.log
            where result = 'done' order by version, id desc) last
        where direction not in ('down', 'reverted') and checksum is not null";
    let rows = client.query_typed(sql, &[]).await.map_err(reading)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Was this file begun, and not ended, by one who then was killed?
pub(crate) async fn was_started(
    client: &impl GenericClient,
    migration: &Migration,
    direction: &str,
) -> Result<bool, Error> {
    let sql = "select result = 'started' and direction = $2 and checksum = $3 from colophon_migrations.log
        where version = $1 order by id desc limit 1";
    let row = client
        .query_opt(sql, &[&migration.version, &direction, &migration.checksum()])
        .await
        .map_err(reading)?;
    Ok(row.and_then(|row| row.get::<_, Option<bool>>(0)).unwrap_or(false))
}

/// Versions of which the last thing known is that they were begun in this direction: their program was killed.
pub(crate) async fn interrupted(client: &impl GenericClient, direction: &str) -> Result<Vec<String>, Error> {
    if !has_log(client).await? {
        return Ok(Vec::new());
    }
    let sql = "select version from (
            select distinct on (version) version, direction, result from colophon_migrations.log
            order by version, id desc) last
        where result = 'started' and direction = $1 order by version desc";
    let rows = client.query_typed(sql, &[(&direction, Type::TEXT)]).await.map_err(reading)?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Says in the CLI's table that a migration is applied, as the CLI would.
pub(crate) async fn record(
    client: &impl GenericClient,
    migration: &Migration,
) -> Result<(), tokio_postgres::Error> {
    let stored: Vec<String> = statements(migration.up).into_iter().map(|statement| statement.text).collect();
    let sql =
        "insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)
        on conflict (version) do update set name = excluded.name, statements = excluded.statements";
    client.execute(sql, &[&migration.version, &migration.name, &stored]).await.map(drop)
}

/// Says in the CLI's table that a migration is not applied.
pub(crate) async fn forget(client: &impl GenericClient, version: &str) -> Result<(), tokio_postgres::Error> {
    let sql = "delete from supabase_migrations.schema_migrations where version = $1";
    client.execute(sql, &[&version]).await.map(drop)
}

/// Writes a line of the log.
pub(crate) async fn note(
    client: &impl GenericClient,
    version: &str,
    migration: Option<&Migration>,
    note: Note<'_>,
) -> Result<(), tokio_postgres::Error> {
    let sql = "insert into colophon_migrations.log
        (version, name, direction, result, checksum, duration_ms, message, host, program)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let name = migration.map_or("", |m| m.name);
    let checksum = migration.map(Migration::checksum);
    let took = note.took.and_then(|took| i64::try_from(took.as_millis()).ok());
    client
        .execute(
            sql,
            &[
                &version,
                &name,
                &note.direction,
                &note.result,
                &checksum,
                &took,
                &note.message,
                &note.host,
                &PROGRAM,
            ],
        )
        .await
        .map(drop)
}
