//! Reading files of other programs.
//!
//! Tests that want the corpus say by name that they are skipped without it (`COLOPHON_CORPUS`); with `CI=true` that
//! fails.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod corpus;
mod formats;
mod hostile;
