//! The program as its users meet it: the real binary, on data folders of its own, by HTTP and by command line.
//!
//! Nothing has to be prepared: each [`server::Server`] starts its own PostgreSQL and takes everything away again. Tests
//! that do no harm share one server, each as a person of its own. What waits, waits for a condition with a deadline.
//! Tests that want the corpus say by name that they are skipped without it (`COLOPHON_CORPUS`); with `CI=true` that
//! fails.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say where")]

mod api;
mod backup;
mod bad_files;
mod bad_requests;
mod browser;
mod buckets;
mod commands;
mod conditions;
mod confidences;
mod configuration;
mod console;
mod content;
mod corpus;
mod correction_histories;
mod corrections;
mod crashes;
mod cut_off;
mod delivering;
mod doctor;
mod duplicates;
mod events;
mod exports;
mod folder;
mod fsck;
mod fsck_zones;
mod history;
mod idempotency;
mod import_crashes;
mod importing;
mod importing_zones;
mod job_control;
mod job_faults;
mod job_statistics;
mod metadata;
mod metrics;
mod migrations;
mod names;
mod pdf;
mod poolers;
mod project;
mod proxy;
mod queues;
mod raw;
mod reading;
mod reading_orders;
mod replaying;
mod requesting;
mod reruns;
mod restarts;
mod resumable;
mod resumable_model;
mod schedules;
mod search;
mod server;
mod share_commands;
mod shares;
mod sharing;
mod signed_urls;
mod stopping;
mod strangers;
mod strategies;
mod sweep_crashes;
mod sweeping;
mod tokens;
mod traces;
mod trash;
mod tus;
mod tus_clients;
mod uploads;
mod versions;
mod wait;
mod worker_example;
mod workers;
