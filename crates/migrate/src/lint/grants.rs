//! Old projects grant everything in `public` to everybody, new ones nothing: a migration depends on neither only if it
//! says both REVOKE and GRANT.

use super::Broken;
use crate::files::Migration;
use crate::split::{Statement, statements};

pub(super) fn check(m: &Migration, up: &[Statement], all: &[Migration]) -> Vec<Broken> {
    let mut made = up.iter().filter_map(|s| made(s).map(|(kind, name)| (s, kind, name))).peekable();
    if made.peek().is_none() {
        return Vec::new();
    }
    // Policies and grants may stand in a later file.
    let later: Vec<Statement> = all
        .iter()
        .filter(|other| other.version >= m.version)
        .flat_map(|other| statements(other.up))
        .collect();
    let mut found = Vec::new();
    for (s, kind, name) in made {
        let said = |verb: &str| later.iter().any(|other| speaks_of(other, verb, kind, &name));
        let trigger = s.has(&["returns", "trigger"]);
        let missing = match (said("revoke"), trigger || said("grant")) {
            (true, true) => continue,
            (false, true) => "REVOKE",
            (true, false) => "GRANT",
            (false, false) => "REVOKE and GRANT",
        };
        found.push(Broken::new(
            s,
            "grants",
            format!("the {kind} {name} has no {missing}: who may use it depends on the project's age"),
            format!("revoke all on {kind} {name} from public, anon, authenticated, service_role; then grant to each role what it needs, service_role included"),
        ));
    }
    found
}

/// The table, sequence, view or function that a statement makes.
fn made(s: &Statement) -> Option<(&'static str, String)> {
    let words: Vec<&str> = s.words.iter().take(4).map(String::as_str).collect();
    let (kind, mut at) = match words.as_slice() {
        ["create", "table", ..] if !s.has(&["partition", "of"]) => ("table", 2),
        ["create", "view", ..] => ("table", 2),
        ["create", "materialized", "view", ..] => ("table", 3),
        ["create", "or", "replace", "function"] => ("function", 4),
        ["create", "function", ..] => ("function", 2),
        ["create", "sequence", ..] => ("sequence", 2),
        _ => return None,
    };
    while s.words.get(at).is_some_and(|word| matches!(word.as_str(), "if" | "not" | "exists")) {
        at += 1;
    }
    Some((kind, s.name_at(at)?))
}

/// Does it revoke or grant something on this object, or on all of its kind in the schema?
fn speaks_of(s: &Statement, verb: &str, kind: &str, name: &str) -> bool {
    // What a DO block does cannot be read off; it is believed where it names the object.
    if s.begins(&["do"]) {
        let short = name.rsplit('.').next().unwrap_or(name);
        return s.words.iter().any(|word| word.contains(verb) && word.contains(short));
    }
    if !s.begins(&[verb]) {
        return false;
    }
    let (schema, short) = name.split_once('.').unwrap_or(("public", name));
    let plural = format!("{kind}s");
    s.has(&[schema, ".", short]) || s.has(&["all", &plural, "in", "schema", schema])
}
