//! The migrations system against a real server, with files of the tests' own.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

mod advisors;
mod documented;
mod drift;
mod folder;
mod hosted;
mod kills;
mod lint;
mod locks;
mod pooler;
mod prepared;
mod records;
mod running;
mod scale;
mod schema;
mod scripts;
mod supabase_cli;
mod validate;
