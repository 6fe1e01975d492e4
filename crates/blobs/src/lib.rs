//! Colophon's files: objects in a store, named by typed keys, written once.
//!
//! An object is written before the row that names it and deleted after it; so a crash leaves at worst an object that
//! no row names, never a row without its object. The human's file name is never part of a key.
//!
//! **Architecture invariants:** [`Key`] is the only way to name a new object; no object is ever overwritten (every key
//! holds an identifier made for that write alone).

mod key;
mod store;
mod writer;

pub use key::Key;
/// A part of an object: from here to there, from here on, or the last so many bytes.
pub use object_store::GetRange as Range;
pub use store::{Reader, Store};
pub use writer::{Stored, Writer};

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
    pub(crate) fn new(verb: &'static str, key: &str, error: &(dyn std::error::Error + 'static)) -> Self {
        let reason = reason_of(error);
        let key = key.to_owned();
        if is_no_space(error) { Self::NoSpace { key, reason } } else { Self::Store { verb, key, reason } }
    }

    pub(crate) fn store(verb: &'static str, key: &str, error: &object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::NotFound { key: key.to_owned() },
            other => Self::new(verb, key, other),
        }
    }
}

fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |e| e.source())
}

/// The innermost cause: the operating system's own words rather than three wrappers around them.
fn reason_of(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

fn is_no_space(error: &(dyn std::error::Error + 'static)) -> bool {
    causes(error)
        .filter_map(|e| e.downcast_ref::<std::io::Error>())
        .any(|e| matches!(e.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded))
}
