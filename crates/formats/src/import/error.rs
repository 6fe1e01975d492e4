//! Why a file could not be read to its end.

/// A file that is not what it was taken for, is damaged, or asks for too much.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The content is no format that is known here.
    #[error("{0}")]
    UnknownFormat(String),
    /// The file breaks the rules of its format.
    #[error("{format}, {place}: {reason}")]
    Malformed {
        /// What it was read as.
        format: &'static str,
        /// Where in it.
        place: String,
        /// What was wrong.
        reason: String,
    },
    /// One element is larger, or lies deeper, than files may ask for.
    #[error("{format}, {place}: {reason}; this is more than a file of zones may ask for")]
    TooLarge {
        /// What it was read as.
        format: &'static str,
        /// Where in it.
        place: String,
        /// What there is too much of.
        reason: String,
    },
    /// The file could not be read.
    #[error("the file could not be read: {0}")]
    Io(#[from] std::io::Error),
    /// Whoever took the zones wanted no more.
    #[error("the import was stopped")]
    Stopped,
}
