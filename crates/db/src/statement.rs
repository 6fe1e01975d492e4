//! A statement is a file: its name, its text.

/// One SQL statement, kept in a file of its own beside the module that runs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    /// `noun/verb`, as in the file's first comment.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
}

/// The statement in `<noun>/<verb>.sql`.
macro_rules! statement {
    ($name:literal) => {
        $crate::statement::Statement { name: $name, sql: include_str!(concat!($name, ".sql")) }
    };
}
pub(crate) use statement;
