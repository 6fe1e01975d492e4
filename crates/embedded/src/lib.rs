//! The private PostgreSQL inside a data folder.
//!
//! [`Postgres::open`] finds or fetches the binaries, makes the cluster once, and starts the server or joins the one
//! that another program started. [`Postgres::close`] lets go; the last one to let go stops it. A program that is
//! killed leaves the server running, and the next one to come adopts it.
//!
//! What is *not* here: no role but the superuser is made, no schema, no pool. No environment variable is read but
//! `PATH` and the library paths.

mod account;
mod binaries;
mod cluster;
mod config;
mod download;
mod error;
mod folder;
mod holders;
mod postgres;
mod postmaster;
mod server;
mod settings;
mod socket;
mod url;
mod version;

pub use config::{SOCKET_ROLES, SUPERUSER};
pub use error::Error;
pub use holders::Holder;
pub use postgres::Postgres;
pub use settings::{OnProgress, Progress, Settings};
pub use version::Version;
