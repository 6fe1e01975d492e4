//! Connection strings, and real TLS with a real PostgreSQL whose certificate the test made.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

mod errors;
mod parsing;
mod server;
mod tls;
