//! How much an owner keeps and may keep.

/// What an owner has and may have. What is in the trash counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Documents.
    pub documents: i64,
    /// Bytes of the objects that they use.
    pub bytes: i64,
    /// Documents at most; `None` is no limit.
    pub max_documents: Option<i64>,
    /// Bytes at most; `None` is no limit.
    pub max_bytes: Option<i64>,
}

impl Usage {
    /// Bytes that may still come; `None` is no limit.
    pub fn bytes_left(&self) -> Option<u64> {
        self.max_bytes.map(|most| u64::try_from(most.saturating_sub(self.bytes)).unwrap_or(0))
    }

    /// Whether so many documents more are too many.
    pub fn refuses_documents(&self, more: i64) -> bool {
        self.max_documents.is_some_and(|most| self.documents.saturating_add(more) > most)
    }
}

/// An owner's quota and usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The owner; `*` stands for everybody who has no quota of his own.
    pub owner: String,
    /// What it allows, and what of it is used.
    pub usage: Usage,
}
