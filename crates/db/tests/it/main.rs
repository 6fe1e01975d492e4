//! The database crate against a real PostgreSQL. A database for each test; nothing is mocked, nothing sleeps.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

mod accesses;
mod calibration;
mod catalog;
mod confidences;
mod document_fields;
mod document_plans;
mod documents;
mod events;
mod health;
mod idempotency_keys;
mod imported_zones;
mod job_control;
mod job_lists;
mod jobs;
mod leases;
mod model;
mod objects;
mod pages;
mod plans;
mod policies;
mod poolers;
mod queue_plans;
mod quotas;
mod reading_orders;
mod retention;
mod scopes;
mod shares;
mod statements;
mod states;
mod statistics;
mod sweep;
mod transactions;
mod trash;
mod turns;
mod versions;
mod zone_history;
mod zone_history_plans;
mod zones;

use colophon_db::{Database, SystemScope, Tx};

/// A transaction of the platform itself.
async fn system(database: &Database) -> Tx<SystemScope> {
    database.session(&SystemScope::new()).begin().await.expect("a transaction")
}
