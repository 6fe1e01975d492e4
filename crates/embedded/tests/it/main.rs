//! The private PostgreSQL, with real servers and real processes.
//!
//! Nothing here sleeps for correctness: a program's answer, a process's end or a query is waited for.

#![expect(clippy::expect_used, reason = "a test fails by panicking, and its helpers do so on its behalf")]

mod download;
mod folders;
mod program;
mod recovery;
mod sharing;
mod support;
mod users;
