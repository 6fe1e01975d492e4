//! Colophon's files: objects in a store, named by typed keys, written once.
//!
//! An object is written before the row that names it and deleted after it; so a crash leaves at worst an object that
//! no row names, never a row without its object. The human's file name is never part of a key.
//!
//! **Architecture invariants:** [`Key`] is the only way to name a new object; no object is ever overwritten (every key
//! holds an identifier made for that write alone).

mod about;
mod error;
mod folder;
mod hash;
mod key;
mod resumable;
mod s3;
mod store;
mod writer;

pub use about::{About, content_disposition};
pub use error::Error;
pub use key::{Form, Key};
/// A part of an object: from here to there, from here on, or the last so many bytes.
pub use object_store::GetRange as Range;
pub use resumable::{ResumableWriter, Resumption};
pub use s3::{Credentials, Limits, S3Settings, Secret, SupabaseSettings};
pub use store::{Listed, Probed, Reader, Store};
pub use writer::{Stored, Writer};
