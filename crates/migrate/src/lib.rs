//! The migrations of Colophon's schema, forward and back.
//!
//! The truth of what is applied is `supabase_migrations.schema_migrations`, the Supabase CLI's own table, so that
//! `supabase migration list` and [`Migrator::status`] see the same. Each migration and its history row are one
//! transaction.

mod files;
mod runner;

pub use files::{Migration, migrations, plain};
pub use runner::{Applied, Migrator, Standing, Status, prepare_plain_database, prepare_plain_server};

/// What went wrong with a migration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached.
    #[error("cannot connect for migrations: {0}")]
    Connect(#[source] tokio_postgres::Error),
    /// A statement failed; its transaction was rolled back.
    #[error("{what}: {source}; it was rolled back, nothing of it remains")]
    Statement {
        /// What was being done.
        what: String,
        /// The server's words.
        source: StatementError,
    },
    /// Another migrator holds the lock.
    #[error("another migrator is at work ({holder}); wait for it or end it, then run again")]
    Locked {
        /// Who it is, as `pg_stat_activity` knows it.
        holder: String,
    },
    /// The database has migrations that this program does not know.
    #[error(
        "the database has migration {version}, which this program does not know; use the program that applied it, or a newer one"
    )]
    Newer {
        /// The unknown version.
        version: String,
    },
    /// A migration has no way back.
    #[error("migration {version} has no rollback file, so it cannot be undone")]
    NoWayBack {
        /// The migration.
        version: String,
    },
    /// No such migration.
    #[error("there is no migration {version}; `colophon migrate status` lists them")]
    Unknown {
        /// The version asked for.
        version: String,
    },
}

/// The server's words on a statement, with its code.
#[derive(Debug)]
pub struct StatementError(pub(crate) tokio_postgres::Error);

impl std::fmt::Display for StatementError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_db_error() {
            Some(db) => write!(f, "{} (SQLSTATE {})", db.message(), db.code().code()),
            None => self.0.fmt(f),
        }
    }
}

impl std::error::Error for StatementError {}
