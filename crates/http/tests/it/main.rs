//! Who is let in: tokens of every kind of key, made and spoilt here; keys served by a real server of this process.
//!
//! No key is kept in the repository: each run makes its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod accepted;
mod api_keys;
mod expiring;
mod jwks;
mod key_server;
mod mutations;
mod refused;
mod rows;
mod signers;
