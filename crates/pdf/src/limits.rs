//! How much a child may use before it is stopped.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a child process may use. Each limit has its own outcome, so that a reader learns which one was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Time the caller waits for the child in all, over one call of [`inspect`](crate::inspect) or one
    /// [`TextReader`](crate::TextReader). Only waiting counts: a slow consumer does not use it up. Default 10
    /// minutes.
    pub wall_time: Duration,
    /// Time the caller waits for a single page, and for the document to be opened. Default 30 seconds.
    pub page_time: Duration,
    /// CPU time of one child process, in whole seconds (rounded up). Default 5 minutes.
    pub cpu_time: Duration,
    /// Address space of the child, in bytes: the file itself, the program and all that parsing needs. A file
    /// larger than this is refused with a reason. Default 1 GiB; with less than about 128 MiB no child gets ready,
    /// which is an [`Error`](crate::Error).
    pub memory_bytes: u64,
    /// Bytes the child may write in all, over one call or one reader. Default 512 MiB.
    pub output_bytes: u64,
    /// Pages a document may have. Beyond it the document is refused with a reason. Default 20,000.
    pub pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_time: Duration::from_mins(10),
            page_time: Duration::from_secs(30),
            cpu_time: Duration::from_mins(5),
            memory_bytes: 1 << 30,
            output_bytes: 512 << 20,
            pages: 20_000,
        }
    }
}
