//! Errors of the database, sorted by what the caller can do about them.

use colophon_connection::Connector;
use colophon_domain::ZoneId;
use deadpool_postgres::{PoolError, TimeoutType};
use tokio_postgres::error::SqlState;

/// What the database answers with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller can do about an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// The row is not there, or not for this caller.
    NotFound,
    /// Another row is in the way; the constraint that says so.
    Conflict(String),
    /// The caller's role may not do this.
    Forbidden,
    /// It would be more than the owner may keep; the message has the numbers.
    QuotaExceeded,
    /// The document is under legal hold.
    LegalHold,
    /// A value breaks a rule; the constraint, or the server's words.
    Invalid(String),
    /// The lease or the revision named is no longer the current one.
    Stale,
    /// Trying again may succeed: a deadlock, a serialization failure, a timeout.
    Retry,
    /// The server cannot be reached or takes no more connections.
    Unavailable,
    /// A row cannot be decoded: the schema is not the one this program knows.
    Corrupt,
    /// A mistake of this program.
    Bug,
}

/// An error of the database, with the statement that met it.
#[derive(Debug, thiserror::Error)]
#[error("{statement}: {message}")]
pub struct Error {
    kind: ErrorKind,
    statement: &'static str,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, statement: &'static str, message: impl Into<String>) -> Self {
        Self { kind, statement, message: message.into(), source: None }
    }

    pub(crate) fn postgres(statement: &'static str, error: tokio_postgres::Error) -> Self {
        let kind = kind_of(&error);
        let remedy = match error.code() {
            Some(&SqlState::INVALID_SQL_STATEMENT_NAME | &SqlState::DUPLICATE_PSTATEMENT) => {
                "; a pooler in transaction mode stands between: say COLOPHON_POOLER=transaction"
            }
            _ => "",
        };
        let message = match error.as_db_error() {
            // Written for people, by functions of ours.
            Some(db) if matches!(kind, ErrorKind::QuotaExceeded | ErrorKind::LegalHold) => {
                [Some(db.message()), db.hint()].into_iter().flatten().collect::<Vec<_>>().join("; ")
            }
            Some(db) => format!("{} (SQLSTATE {}){remedy}", db.message(), db.code().code()),
            None => error.to_string(),
        };
        Self { kind, statement, message, source: Some(Box::new(error)) }
    }

    pub(crate) fn connection(error: colophon_connection::Error) -> Self {
        let kind = if error.is_usage() {
            ErrorKind::Invalid("database-url".to_owned())
        } else {
            ErrorKind::Unavailable
        };
        Self { kind, statement: "connect", message: error.to_string(), source: Some(Box::new(error)) }
    }

    pub(crate) fn pool(connector: &Connector, error: PoolError) -> Self {
        let message = match error {
            PoolError::Backend(error) => return Self::connection(connector.explain(error)),
            PoolError::Timeout(TimeoutType::Create) => return Self::connection(connector.too_slow()),
            PoolError::Timeout(_) => {
                "every connection of the pool is in use and none came free in time; try again, or raise the pool's size".to_owned()
            }
            other => other.to_string(),
        };
        Self::new(ErrorKind::Unavailable, "connect", message)
    }

    /// The platform's table of signing keys stays empty, whatever is put into it.
    pub fn no_signing_key() -> Self {
        Self::new(ErrorKind::Corrupt, "signing_keys/list", "colophon.signing_keys is empty and stays so")
    }

    /// There is no such zone for this scope, or a write that it may not make changed nothing.
    pub fn no_zone(id: ZoneId) -> Self {
        Self::new(ErrorKind::NotFound, "zones/get", format!("no zone {id}"))
    }

    /// What can be done about it.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The statement that met it, `noun/verb`.
    pub fn statement(&self) -> &'static str {
        self.statement
    }

    /// Whether trying again may succeed without anybody's help.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Retry | ErrorKind::Unavailable)
    }
}

fn kind_of(error: &tokio_postgres::Error) -> ErrorKind {
    let Some(db) = error.as_db_error() else {
        let of_network =
            std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        return if error.is_closed() || of_network { ErrorKind::Unavailable } else { ErrorKind::Corrupt };
    };
    if colophon_connection::is_full(error) {
        return ErrorKind::Unavailable;
    }
    let constraint = || db.constraint().unwrap_or(db.message()).to_owned();
    match db.code() {
        &SqlState::UNIQUE_VIOLATION | &SqlState::EXCLUSION_VIOLATION | &SqlState::FOREIGN_KEY_VIOLATION => {
            ErrorKind::Conflict(constraint())
        }
        &SqlState::INSUFFICIENT_PRIVILEGE => ErrorKind::Forbidden,
        &SqlState::T_R_SERIALIZATION_FAILURE
        | &SqlState::T_R_DEADLOCK_DETECTED
        | &SqlState::LOCK_NOT_AVAILABLE
        | &SqlState::QUERY_CANCELED => ErrorKind::Retry,
        &SqlState::CHECK_VIOLATION if db.constraint() == Some("quotas_check") => ErrorKind::QuotaExceeded,
        &SqlState::CHECK_VIOLATION if db.constraint() == Some("documents_legal_hold_check") => {
            ErrorKind::LegalHold
        }
        &SqlState::CHECK_VIOLATION | &SqlState::NOT_NULL_VIOLATION => ErrorKind::Invalid(constraint()),
        // What a function of ours raises, as the Data API would answer it.
        code if code.code() == "PT404" => ErrorKind::NotFound,
        code => match code.code().get(..2) {
            Some("22") => ErrorKind::Invalid(db.message().to_owned()),
            Some("08" | "53" | "57" | "58") => ErrorKind::Unavailable,
            _ => ErrorKind::Bug,
        },
    }
}
