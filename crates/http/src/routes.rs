//! A file for each noun.

pub mod console;
pub mod content;
pub mod documents;
pub mod exports;
pub mod jobs;
pub mod operation;
pub mod pages;
mod serve;
pub mod shares;
pub mod signed_urls;
mod upload;
pub mod zones;
