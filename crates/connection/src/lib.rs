//! From a connection string to a connection.
//!
//! [`ConnectionUrl::parse`] reads what libpq reads, [`ConnectionUrl::connector`] prepares TLS once, and
//! [`Connector::connect`] connects within a time limit. Which pooler stands between, [`Connector::pooler`] finds out.
//!
//! **Architecture invariants:** no password leaves this crate in a `Debug`, a `Display` or an error; nothing here
//! reads the environment; TLS is rustls alone, with the one crypto provider that the rest of the program uses.

mod connector;
mod error;
mod form;
mod parameters;
mod pooler;
mod tls;
mod url;

pub use connector::{Connection, Connector};
pub use error::{Error, is_full};
pub use form::Form;
pub use pooler::Pooler;
pub use url::{ConnectionUrl, SslMode};
