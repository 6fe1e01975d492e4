//! The formats Colophon reads and writes.
//!
//! [`views`] is the JSON that the API, the command line and exports share: one shape for each noun, its fields named
//! as the columns are. [`import`] reads the zones in files of other programs.

pub mod given;
pub mod import;
pub mod items;
pub mod views;
