//! PostgreSQL for Colophon: the only crate that knows SQL.
//!
//! Rows come only through a scoped transaction: [`Database::session`] takes a scope (who asks), [`Session::begin`]
//! gives a [`Tx`], and repositories hang on it: `tx.documents().get(id)`.
//!
//! **Architecture invariants:** no public function takes a pool or a client; every statement is a file beside the
//! module that runs it; the login role has no grants of its own, so a forgotten scope fails closed.

pub mod accesses;
mod announce;
pub mod calibration;
pub mod changes;
pub mod confidences;
pub mod correction_outcomes;
pub mod corrections;
mod deliveries;
mod document_lists;
pub mod documents;
mod error;
pub mod events;
pub mod exports;
pub mod fsck;
pub mod health;
pub mod idempotency_keys;
pub mod imported_zones;
pub mod job_limits;
mod job_lists;
pub mod job_schedules;
pub mod jobs;
pub mod leases;
pub mod listen;
mod mend;
pub mod metadata_schemas;
pub mod objects;
pub mod pages;
mod parameter;
mod pool;
pub mod queue;
pub mod queues;
pub mod quotas;
pub mod reading_orders;
pub mod runs;
mod scope;
mod session;
pub mod shares;
pub mod signing_keys;
mod statement;
pub mod statistics;
pub mod sweep;
pub mod undo;
pub mod uploads;
pub mod versions;
pub mod zone_checks;
pub mod zone_history;
pub mod zones;

pub use colophon_connection::{ConnectionUrl, Pooler};
pub use error::{Error, ErrorKind, Result};
pub use listen::{Announcement, Listener};
pub use scope::{CallerScope, LoginScope, Scope, SystemScope, UserScope};
pub use session::{Config, Database, Session, Tx};
