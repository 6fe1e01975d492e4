//! Queues as a whole: what waits in them, whether they are paused, and how many jobs may run at once.

use jiff::Timestamp;

use crate::Invalid;

/// A queue and what lives in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// Its name.
    pub queue: String,
    /// Since when and why nothing of it is claimed; `None` while work goes on.
    pub pause: Option<QueuePause>,
    /// Its live jobs by strategy.
    pub strategies: Vec<QueueStrategy>,
}

/// Nothing of a queue is claimed. What runs goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePause {
    /// Why, in somebody's words.
    pub reason: Option<String>,
    /// Who paused it.
    pub paused_by: Option<String>,
    /// Since when.
    pub paused_at: Timestamp,
}

/// Live jobs of one strategy in a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueStrategy {
    /// How they read documents.
    pub strategy: String,
    /// Jobs that may be claimed.
    pub queued: i64,
    /// Jobs whose time has not come.
    pub scheduled: i64,
    /// Jobs that wait for others.
    pub waiting: i64,
    /// Jobs that were put aside.
    pub paused: i64,
    /// Jobs in hand.
    pub running: i64,
    /// For how many seconds the one has waited that may be claimed and has waited longest.
    pub oldest_seconds: Option<f64>,
}

/// What a limit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// Jobs of a strategy.
    Strategy,
    /// Jobs of an owner's documents.
    Owner,
}

impl LimitKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Strategy, Self::Owner];

    /// The name in the database and in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strategy => "strategy",
            Self::Owner => "owner",
        }
    }
}

impl std::str::FromStr for LimitKind {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            Invalid::new("kind", format!("{text:?} is none of {known}"))
        })
    }
}

/// How many jobs may run at once, over all queues and workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLimit {
    /// `strategy` or `owner`.
    pub kind: String,
    /// The strategy, or the owner; `*` stands for each that has no limit of its own.
    pub name: String,
    /// So many; 0 for none at all.
    pub max_running: i32,
}

impl JobLimit {
    /// # Errors
    /// A name that nothing can have, or a negative number.
    pub fn new(kind: LimitKind, name: &str, max_running: i32) -> Result<Self, Invalid> {
        if max_running < 0 {
            return Err(Invalid::new("max_running", format!("{max_running} is not 0 or more")));
        }
        let name = Self::stored_name(name)?.to_owned();
        Ok(Self { kind: kind.as_str().to_owned(), name, max_running })
    }

    /// `default` is said for each that has no limit of its own; rows say `*`.
    ///
    /// # Errors
    /// A name that nothing can have.
    pub fn stored_name(name: &str) -> Result<&str, Invalid> {
        match name {
            "default" => Ok("*"),
            name if (1..=200).contains(&name.chars().count()) && !name.contains('\0') => Ok(name),
            _ => Err(Invalid::new("name", "must have 1 to 200 characters, and no U+0000")),
        }
    }

    /// The name as people say it.
    pub fn said_name(&self) -> &str {
        if self.name == "*" { "default" } else { &self.name }
    }
}
