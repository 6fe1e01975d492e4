//! A private PostgreSQL for the measurement, with the settings that PostgreSQL itself comes with.

use std::path::Path;

use anyhow::{Context as _, Result};
use colophon_embedded::{Postgres, SUPERUSER, Settings};
use colophon_migrate::prepare_plain_server;
use tokio_postgres::{Client, NoTls};

/// What private instances of Colophon set otherwise, put back; the log keeps quiet. `fsync`, `synchronous_commit` and
/// `full_page_writes` are on, as everywhere.
const POSTGRESQL_DEFAULTS: [(&str, &str); 11] = [
    ("work_mem", "4MB"),
    ("maintenance_work_mem", "64MB"),
    ("wal_compression", "off"),
    ("max_wal_size", "1GB"),
    ("random_page_cost", "4"),
    ("jit", "on"),
    ("track_io_timing", "off"),
    ("log_lock_waits", "off"),
    ("log_temp_files", "-1"),
    ("log_min_duration_statement", "-1"),
    ("log_autovacuum_min_duration", "-1"),
];

pub struct Server {
    postgres: Postgres,
    admin: Client,
    _folder: tempfile::TempDir,
}

impl Server {
    /// A new cluster in a new folder under `parent`, with the roles that a Supabase project has.
    pub async fn start(parent: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("colophon-job-engines-").tempdir_in(parent)?;
        let mut settings = Settings::new(folder.path(), "a measurement");
        settings.server_settings =
            POSTGRESQL_DEFAULTS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let postgres = Postgres::open(settings).await?;
        let admin = connect(&postgres.url(SUPERUSER, "postgres")).await?;
        Ok(Self { postgres, admin, _folder: folder })
    }

    pub fn version(&self) -> String {
        self.postgres.version().to_string()
    }

    pub fn url(&self, role: &str, database: &str) -> String {
        self.postgres.url(role, database)
    }

    /// A connection as superuser.
    pub async fn client(&self, database: &str) -> Result<Client> {
        connect(&self.url(SUPERUSER, database)).await
    }

    /// An empty database, owned by `postgres`. What was written before is on the disk, so that no engine pays for another.
    pub async fn make(&self, database: &str) -> Result<()> {
        prepare_plain_server(&self.url(SUPERUSER, "postgres"), database).await?;
        self.checkpoint().await
    }

    pub async fn drop(&self, database: &str) -> Result<()> {
        self.admin.batch_execute(&format!("drop database if exists {database} with (force)")).await?;
        Ok(())
    }

    pub async fn checkpoint(&self) -> Result<()> {
        self.admin.batch_execute("checkpoint").await.context("a checkpoint")
    }

    /// Bytes of WAL written so far.
    pub async fn wal(&self) -> Result<f64> {
        let sql = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
        Ok(self.admin.query_one(sql, &[]).await?.try_get(0)?)
    }

    pub async fn stop(self) -> Result<()> {
        Ok(self.postgres.close().await?)
    }
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
