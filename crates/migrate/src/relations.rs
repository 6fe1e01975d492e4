//! What the migrations make, by name.

use crate::files::Migration;
use crate::split::{Statement, statements};

/// The tables and views in `public` and `colophon` that these migrations leave, as `schema.name`, in order. Partitions
/// are parts of their table, and not told.
pub fn relations(files: &[Migration]) -> Vec<String> {
    let mut left: Vec<String> = Vec::new();
    for statement in files.iter().flat_map(|migration| statements(migration.up)) {
        if let Some(name) = named(&statement, "create")
            && !statement.has(&["partition", "of"])
            && !left.contains(&name)
        {
            left.push(name);
        } else if let Some(gone) = named(&statement, "drop") {
            left.retain(|name| *name != gone);
        }
    }
    left.retain(|name| name.starts_with("public.") || name.starts_with("colophon."));
    left.sort();
    left
}

/// The relation that a statement makes or drops. Of a list that is dropped, the first; the lint wants one at a time.
fn named(statement: &Statement, verb: &str) -> Option<String> {
    let words: Vec<&str> = statement.words.iter().take(3).map(String::as_str).collect();
    let mut at = match words.as_slice() {
        [first, ..] if *first != verb => return None,
        [_, "table" | "view", ..] => 2,
        [_, "materialized", "view"] => 3,
        _ => return None,
    };
    while statement.words.get(at).is_some_and(|word| matches!(word.as_str(), "if" | "not" | "exists")) {
        at += 1;
    }
    statement.name_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_and_not_dropped_is_told() {
        let migration = |up| Migration { version: "1", name: "x", up, down: None };
        let files = [
            migration("create table public.a (id int); create table if not exists colophon.b (id int);"),
            migration("create table public.a_1 partition of public.a default; create table auth.c (id int)"),
            migration("create materialized view public.d as select 1; create view public.e as select 1"),
            migration("drop table if exists colophon.b; drop materialized view public.d"),
        ];
        assert_eq!(relations(&files), ["public.a", "public.e"]);
        let own = relations(&crate::migrations());
        assert!(own.iter().any(|name| name == "public.documents"), "{own:?}");
        assert!(own.iter().any(|name| name == "colophon.idempotency_keys"), "{own:?}");
    }
}
