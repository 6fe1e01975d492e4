//! A statement is a file: its name, its text.

/// One SQL statement, kept in a file of its own beside the module that runs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    /// `noun/verb`, as in the file's first comment.
    pub name: &'static str,
    /// The text.
    pub sql: &'static str,
    /// Planned once for whatever it is given, where it is the first of its transaction: its plan never depends on that, and
    /// to plan it takes longer than to run it for a few rows.
    pub planned_once: bool,
}

/// The statement in `<noun>/<verb>.sql`.
macro_rules! statement {
    ($name:literal) => {
        $crate::statement::statement!($name, false)
    };
    ($name:literal, planned once) => {
        $crate::statement::statement!($name, true)
    };
    ($name:literal, $planned_once:literal) => {
        $crate::statement::Statement {
            name: $name,
            sql: include_str!(concat!($name, ".sql")),
            planned_once: $planned_once,
        }
    };
}
pub(crate) use statement;
