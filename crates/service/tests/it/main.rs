//! Use cases against a real PostgreSQL, without the program around them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod events;
mod reruns;
mod runs;
mod undone_runs;
mod waiting_workers;
