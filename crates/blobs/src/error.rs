//! What went wrong with an object.

/// What went wrong with an object.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such object.
    #[error("the store has no object {key}")]
    NotFound {
        /// The object.
        key: String,
    },
    /// The store has no room left.
    #[error("no room left while writing {key}: {reason}; free some space and try again")]
    NoSpace {
        /// The object.
        key: String,
        /// The store's words.
        reason: String,
    },
    /// There is an object under this key already; none is ever overwritten.
    #[error("there is an object {key} already, and none is overwritten")]
    Exists {
        /// The object.
        key: String,
    },
    /// An object has not as many bytes as it should have.
    #[error("{key} has {found} bytes where {expected} were expected; `colophon fsck` says more")]
    Truncated {
        /// The object.
        key: String,
        /// Bytes that it should have.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// A part was asked for that the object does not have.
    #[error("{key} has {size} bytes, and what was asked for lies behind them")]
    OutOfRange {
        /// The object.
        key: String,
        /// Bytes that it has.
        size: u64,
    },
    /// What was kept of a resumable upload cannot be gone on with.
    #[error("the upload of {key} cannot be gone on with ({reason}); begin it anew")]
    NotResumable {
        /// The object.
        key: String,
        /// What is amiss.
        reason: String,
    },
    /// The store refuses what the platform asks: keys, rights, clock, bucket.
    #[error("cannot {verb} {key}: the store refuses ({code}: {reason}); {}", self.remedy())]
    Refused {
        /// What was tried.
        verb: &'static str,
        /// On which object.
        key: String,
        /// The store's code.
        code: String,
        /// The store's words.
        reason: String,
    },
    /// The store refuses what a person asks with a token of their own.
    #[error("cannot {verb} {key}: the store's policies do not let you ({reason})")]
    Forbidden {
        /// What was tried.
        verb: &'static str,
        /// On which object.
        key: String,
        /// The store's words.
        reason: String,
    },
    /// The store failed.
    #[error("cannot {verb} {key}: {reason}")]
    Store {
        /// What was tried.
        verb: &'static str,
        /// On which object.
        key: String,
        /// The store's words.
        reason: String,
    },
}

impl Error {
    /// What to do about it, where that is known.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => {
                crate::s3::remedy(code).unwrap_or("look at the keys and at the rights of the bucket")
            }
            _ => "is the store there, and reachable from here? Then try again",
        }
    }

    pub(crate) fn reading(verb: &'static str, key: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            // A name that no file can have is the name of none.
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename => {
                Self::NotFound { key: key.to_owned() }
            }
            _ => Self::writing(verb, key, error),
        }
    }

    pub(crate) fn writing(verb: &'static str, key: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (key, reason) = (key.to_owned(), error.to_string());
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace { key, reason },
            ErrorKind::AlreadyExists => Self::Exists { key },
            _ => Self::Store { verb, key, reason },
        }
    }

    pub(crate) fn not_resumable(key: &str, reason: impl Into<String>) -> Self {
        Self::NotResumable { key: key.to_owned(), reason: reason.into() }
    }
}
