//! For tests only: a real PostgreSQL, a database for each test, rows to begin with.
//!
//! All test processes of a checkout share one private server in the system's temporary folder. It is started by the
//! first test and stays for the next run; `cargo run -p colophon-testkit --example stop` ends it. Each test clones a
//! template that was migrated once for the schema's present text, and drops the clone in the end, also when it
//! panics. Clones of processes that were killed are dropped by the next one to come.
//!
//! With `COLOPHON_TEST_POOLER=transaction` every [`TestDatabase::database`] goes through a real `PgBouncer` in transaction
//! mode; what a test asks by itself ([`TestDatabase::client`]) goes past it.
//!
//! What is *not* here: no mock, no waiting for time to pass, and no test that is silently left out: see [`skip!`].

#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "in a test a panic is the report")]

#[cfg(feature = "bucket")]
mod bucket;
mod database;
mod faults;
mod own_server;
mod pooler;
pub mod reruns;
mod rows;
mod server;
mod skip;
mod templates;

#[cfg(feature = "bucket")]
pub use bucket::Bucket;
pub use database::TestDatabase;
pub use faults::{Fault, Faults};
pub use own_server::OwnServer;
pub use pooler::through_a_pooler;
pub use rows::{A_ROW_IN_EVERY_TABLE, a_document, a_job, a_page, a_zone, as_user, store_document, store_job};
pub use server::{POSTGRES_SETTINGS, folder};
pub use skip::skipped;
