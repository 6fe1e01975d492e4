//! What may go wrong with a migration.

/// What went wrong with a migration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached.
    #[error("{0}")]
    Connect(#[from] colophon_connection::Error),
    /// A statement failed; its transaction was rolled back.
    #[error("{what}: {source}; it was rolled back, nothing of it remains")]
    Statement {
        /// What was being done.
        what: String,
        /// The server's words.
        source: StatementError,
    },
    /// A statement failed that cannot run in a transaction.
    #[error(
        "{what}: {source}; it cannot run in a transaction, so a part may remain: run the same command again, it finds and removes it"
    )]
    Partial {
        /// What was being done.
        what: String,
        /// The server's words.
        source: StatementError,
    },
    /// A lock was not to be had.
    #[error(
        "{what}: another session held what it must lock through all {attempts} attempts ({source}); nothing of it remains, nobody was kept waiting; run it again when it is quieter, or with a longer --lock-timeout"
    )]
    Busy {
        /// What was being done.
        what: String,
        /// How often.
        attempts: u32,
        /// The server's words.
        source: StatementError,
    },
    /// Another migrator holds the lock.
    #[error("another migrator is at work ({holder}); wait for it or end it, then run again")]
    Locked {
        /// Who it is, as `pg_stat_activity` knows it.
        holder: String,
    },
    /// A pooler in transaction mode stands between.
    #[error(
        "{found}: migrations need a session of their own; give the direct connection or the session pooler (port 5432) as COLOPHON_DIRECT_URL"
    )]
    Pooler {
        /// How it was recognised.
        found: String,
    },
    /// The role that logs in may not see where the database stands.
    #[error(
        "the role that logs in may not read the migrations' history ({0}); give the connection of the tables' owner as COLOPHON_DIRECT_URL, or log in as a role that may take service_role: grant service_role to ROLE"
    )]
    Hidden(#[source] StatementError),
    /// The database has migrations that this program does not know.
    #[error(
        "the database has migration {version}, which this program does not know; use the program that applied it, or a newer one"
    )]
    Newer {
        /// The unknown version.
        version: String,
    },
    /// The file of an applied migration is no longer what was applied.
    #[error(
        "migration {version}_{name} was edited after it was applied; restore its file and put the change into a new migration (`colophon migrate new`), or accept the new text with `colophon migrate repair --status applied {version}`"
    )]
    Edited {
        /// The migration.
        version: String,
        /// Its name.
        name: String,
    },
    /// A migration is older than the newest applied one.
    #[error(
        "migration {version} is older than {newest}, which is applied; give its file a newer version, or apply it all the same with --include-all"
    )]
    OutOfOrder {
        /// The pending one.
        version: String,
        /// The newest applied one.
        newest: String,
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
    /// The role that logged in cannot learn what is applied.
    #[error(
        "{role} may not read the migrations' history, and the migration is missing that lets it ask: run `colophon migrate up` as the owner of the tables (name that connection as COLOPHON_DIRECT_URL)"
    )]
    Unreadable {
        /// The role.
        role: String,
    },
    /// A file holds what cannot be run.
    #[error("{file}: {problem}")]
    File {
        /// The file.
        file: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A server of one's own was not prepared.
    #[error(
        "the database lacks what every Supabase project has ({lacking}); if it is a project, look whether the URL is the right one; if the server is your own, prepare it once as a superuser: colophon migrate sql --plain | psql -d DATABASE"
    )]
    Unprepared {
        /// What is lacking and needed.
        lacking: String,
    },
    /// A scratch database cannot be made.
    #[error("a scratch database cannot be made ({0}); give a role with CREATEDB, or a server for it")]
    Scratch(#[source] StatementError),
}

impl Error {
    /// Does the state of the database, rather than a failure, forbid it?
    pub fn refused(&self) -> bool {
        matches!(
            self,
            Self::Newer { .. }
                | Self::Edited { .. }
                | Self::OutOfOrder { .. }
                | Self::Unprepared { .. }
                | Self::Unreadable { .. }
        )
    }
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

/// An error of reading or writing the history.
pub(crate) fn reading(source: tokio_postgres::Error) -> Error {
    if source.code() == Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE) {
        return Error::Hidden(StatementError(source));
    }
    Error::Statement { what: "reading the migrations' history".to_owned(), source: StatementError(source) }
}

/// An error of a named deed.
pub(crate) fn doing(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Error {
    let what = what.into();
    move |source| Error::Statement { what, source: StatementError(source) }
}
