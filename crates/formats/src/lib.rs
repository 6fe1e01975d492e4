//! The formats Colophon reads and writes.
//!
//! [`views`] is the JSON that the API, the command line and exports share: one shape for each noun, its fields named
//! as the columns are; [`history`] that of what was, [`words`] tells differences to people. [`import`] reads the zones in
//! files of other programs, [`given`] those of a request, [`corrections`] the edits of zones, [`events`] what is told of
//! jobs while they go on, [`worker`] what workers say of them.

pub mod corrections;
pub mod events;
pub mod given;
pub mod history;
pub mod import;
pub mod items;
pub mod views;
pub mod words;
pub mod worker;
