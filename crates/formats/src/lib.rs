//! The formats Colophon reads and writes.
//!
//! [`corrections`] reads the edits of zones. [`views`] is the JSON that the API, the command line and exports share: one shape for each noun, its fields named
//! as the columns are.

pub mod corrections;
pub mod given;
pub mod items;
pub mod views;
