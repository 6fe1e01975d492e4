//! What works on one machine and fails, or is silently lost, once the tables are distributed by document.

use super::Broken;
use crate::split::Statement;

pub(super) fn check(all: &[Statement]) -> Vec<Broken> {
    let mut found = Vec::new();
    for s in all {
        found.extend(primary_key(s));
        found.extend(set_null(s));
        found.extend(deferrable(s));
        found.extend(now_in_do_update(s));
        found.extend(notify_in_trigger(s));
        found.extend(enumeration(s));
    }
    found
}

/// A child of `documents` is distributed by `document_id`, which each of its keys must contain.
fn primary_key(s: &Statement) -> Option<Broken> {
    let child = s.begins(&["create", "table"])
        && s.has(&["document_id"])
        && s.has(&["references", "public", ".", "documents"]);
    if !child {
        return None;
    }
    let at = s.position(&["primary", "key"])?;
    let columns: Vec<&str> = s.words[at + 2..]
        .iter()
        .take_while(|word| *word != ")")
        .map(String::as_str)
        .filter(|word| !matches!(*word, "(" | ","))
        .collect();
    let of_table = s.words.get(at + 2).is_some_and(|word| word == "(");
    let alone = !of_table && s.words[..at].iter().rev().take(6).any(|word| word == "document_id");
    let first = columns.first().copied() == Some("document_id");
    let fits = alone || (of_table && first);
    (!fits).then(|| {
        Broken::new(
            s,
            "key-without-document",
            "a child of documents whose primary key lacks document_id cannot be distributed",
            "primary key (document_id, id), and a plain index on (id) where rows are looked up by it alone",
        )
    })
}

fn set_null(s: &Statement) -> Option<Broken> {
    let sets = s.has(&["on", "delete", "set", "null"]) || s.has(&["on", "delete", "set", "default"]);
    sets.then(|| {
        Broken::new(
            s,
            "on-delete-set-null",
            "ON DELETE SET NULL is refused on distributed tables whose key it touches",
            "ON DELETE CASCADE, or NO ACTION and a BEFORE DELETE trigger that clears the column",
        )
    })
}

fn deferrable(s: &Statement) -> Option<Broken> {
    let at = s.position(&["deferrable"])?;
    let not = at > 0 && s.words[at - 1] == "not";
    (!not).then(|| {
        Broken::new(
            s,
            "deferrable-constraint",
            "a deferred violation comes at COMMIT as an internal error (XX000), without its code",
            "an immediate constraint, and rows in the order that it wants",
        )
    })
}

fn now_in_do_update(s: &Statement) -> Option<Broken> {
    let at = s.position(&["do", "update", "set"])?;
    let rest = &s.words[at..];
    let volatile = |word: &String| {
        matches!(
            word.as_str(),
            "now" | "clock_timestamp" | "statement_timestamp" | "current_timestamp" | "gen_random_uuid"
        )
    };
    rest.iter().any(volatile).then(|| {
        Broken::new(
            s,
            "now-in-do-update",
            "DO UPDATE SET takes only IMMUTABLE functions on distributed tables",
            "put now() into the inserted row and write `= excluded.updated_at`",
        )
    })
}

/// A trigger on a distributed table fires on a worker, whose notifications nobody hears.
fn notify_in_trigger(s: &Statement) -> Option<Broken> {
    if !s.has(&["returns", "trigger"]) {
        return None;
    }
    let notifies = s.words.iter().any(|word| {
        let body = word.to_lowercase();
        body.starts_with('$') && (body.contains("pg_notify") || body.contains("notify "))
    });
    notifies.then(|| {
        Broken::new(
            s,
            "notify-in-trigger",
            "a notification sent by a trigger of a distributed table is lost without a word",
            "send NOTIFY from the program, after its commit; keep polling as the net",
        )
    })
}

fn enumeration(s: &Statement) -> Option<Broken> {
    (s.begins(&["create", "type"]) && s.has(&["as", "enum"])).then(|| {
        Broken::new(
            s,
            "enum-type",
            "an enum's type is looked up by each connection of a pool, and its values cannot be taken away again",
            "text with a named CHECK (status in (…))",
        )
    })
}
