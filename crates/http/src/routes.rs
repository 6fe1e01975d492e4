//! A file for each noun.

pub mod calibration;
pub mod confidences;
pub mod console;
pub mod content;
pub mod documents;
pub mod edit;
pub mod exports;
pub mod import_zones;
pub mod jobs;
pub mod metadata_schemas;
pub mod operation;
pub mod pages;
pub mod quotas;
pub mod reading_orders;
mod serve;
pub mod shares;
pub mod signed_urls;
pub mod trash;
mod upload;
pub mod uploads;
pub mod versions;
pub mod zones;
