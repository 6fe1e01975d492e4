//! The migrations of a schema, forward and back.
//!
//! The truth of what is applied is `supabase_migrations.schema_migrations`, the Supabase CLI's own table, so that
//! `supabase migration list` and [`Migrator::status`] see the same. Each migration and its history row are one
//! transaction; what cannot run in one is alone in its file and can be begun again. Beside that table a log of ours
//! keeps the checksum, who did it, when and how long it took: it only grows, and no rollback drops it.
//!
//! What is *not* here: no clock of this program decides anything, and no file is changed.

mod catalog;
mod connection;
mod drift;
mod error;
mod execute;
mod files;
mod history;
mod leftovers;
mod lint;
mod plain;
mod plan;
mod prepared;
mod relations;
mod runner;
mod scratch;
mod script;
mod split;
mod status;
mod template;
mod validate;

pub use drift::Drift;
pub use error::{Error, StatementError};
pub use files::{Migration, migrations, plain, read_folder};
pub use history::Entry;
pub use lint::{Finding, Severity, lint, lint_file};
pub use plain::{prepare_plain_database, prepare_plain_server};
pub use plan::{Lock, Step};
pub use relations::relations;
pub use runner::{Applied, Event, Migrator, Options};
pub use script::{prepare_script, script};
pub use split::{Statement, statements};
pub use status::{Standing, Status};
pub use template::new;
pub use validate::{Problem, validate_files};
