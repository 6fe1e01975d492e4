//! A file for each noun.

pub mod calibration;
pub mod changes;
pub mod confidences;
pub mod console;
pub mod content;
pub mod correction_outcomes;
pub mod corrections;
pub mod documents;
pub mod edit;
pub mod events;
pub mod exports;
pub mod import_zones;
pub mod jobs;
pub mod metadata_schemas;
pub mod operation;
pub mod pages;
pub mod quotas;
pub mod reading_orders;
pub mod runs;
mod serve;
pub mod shares;
pub mod signed_urls;
pub mod trash;
mod upload;
pub mod uploads;
pub mod versions;
pub mod zones;
