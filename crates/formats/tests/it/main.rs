//! Reading files of other programs.
//!
//! Tests that want the corpus say by name that they are skipped without it (`COLOPHON_CORPUS`); with `CI=true` that
//! fails.

mod corpus;
mod formats;
mod hostile;
