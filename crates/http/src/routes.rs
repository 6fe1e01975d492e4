//! A file for each noun.

pub mod console;
pub mod documents;
pub mod exports;
pub mod jobs;
pub mod operation;
pub mod pages;
mod serve;
mod upload;
pub mod zones;
