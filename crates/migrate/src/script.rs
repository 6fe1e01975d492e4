//! The same work as a script for `psql`, for those whose database no program may touch.

use std::fmt::Write as _;

use crate::error::Error;
use crate::files::{Migration, plain};
use crate::history::PROGRAM;
use crate::split::{Statement, statements};

/// What a server of one's own needs before the first migration, as a script for a superuser; it may be run again, and
/// changes nothing that is there.
pub fn prepare_script() -> String {
    let mut text = format!(
        "-- Made by {PROGRAM}: the roles of a Supabase project, and its functions and tables in this database. Run it with psql as a superuser.\n\\set ON_ERROR_STOP on\nset client_min_messages = warning;\n"
    );
    for (name, sql) in plain() {
        let _ = writeln!(text, "\n-- {name}\n{}", sql.trim_end());
    }
    text
}

/// A script that applies (or, where `down`, undoes) these migrations, history and log included. Without `psql`'s
/// `ON_ERROR_STOP`, which it sets, a failed file would be followed by the next one.
///
/// # Errors
/// A migration without its way back is to be undone.
pub fn script(files: &[Migration], down: bool) -> Result<String, Error> {
    let mut text = format!(
        "-- Made by {PROGRAM}: {} migrations {}. Run it with psql as the owner of the tables, on a session connection.\n\\set ON_ERROR_STOP on\n\n",
        files.len(),
        if down { "back" } else { "forward" }
    );
    text.push_str(crate::history::MAKE);
    text.push_str(";\n");
    let ordered: Vec<&Migration> = if down { files.iter().rev().collect() } else { files.iter().collect() };
    for m in ordered {
        let sql = match (down, m.down) {
            (false, _) => m.up,
            (true, Some(sql)) => sql,
            (true, None) => return Err(Error::NoWayBack { version: m.version.to_owned() }),
        };
        let alone = statements(sql).iter().any(|statement| !statement.transactional());
        let _ =
            writeln!(text, "\n-- {} {}\nreset all;", if down { "rollback" } else { "migration" }, m.stem());
        // The semicolon on a line of its own: a file may end with a comment.
        if alone {
            // psql sends it by itself; the history follows in a transaction of its own.
            let _ = writeln!(text, "{}\n;\nbegin;", sql.trim_end());
        } else {
            let _ = writeln!(
                text,
                "begin;\nset local lock_timeout = '3s';\nset local statement_timeout = 0;\n{}\n;",
                sql.trim_end()
            );
        }
        if down {
            let _ = writeln!(
                text,
                "delete from supabase_migrations.schema_migrations where version = {};",
                literal(m.version)
            );
        } else {
            let stored: Vec<String> =
                statements(sql).iter().map(|Statement { text, .. }| literal(text)).collect();
            let _ = writeln!(
                text,
                "insert into supabase_migrations.schema_migrations (version, name, statements) values ({}, {}, array[{}]::text[]);",
                literal(m.version),
                literal(m.name),
                stored.join(", ")
            );
        }
        let _ = writeln!(
            text,
            "insert into colophon_migrations.log (version, name, direction, result, checksum, program) values ({}, {}, '{}', 'done', '{}', 'psql');\ncommit;",
            literal(m.version),
            literal(m.name),
            if down { "down" } else { "up" },
            m.checksum()
        );
    }
    Ok(text)
}

fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_survives_as_a_literal() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\b'"), "E'a\\\\b'''");
    }

    #[test]
    fn a_way_back_that_is_absent_is_told_before_anything_is_written() {
        let m = Migration { version: "20260101000000", name: "a", up: "select 1", down: None };
        assert!(matches!(script(&[m], true), Err(Error::NoWayBack { .. })));
        assert!(script(&[m], false).is_ok_and(|text| text.contains("select 1\n;\n")));
    }
}
