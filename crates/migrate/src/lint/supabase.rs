//! What a hosted Supabase project forbids and a plain server lets pass.

use super::Broken;
use crate::split::Statement;

/// Roles that the platform has made and keeps to itself.
const RESERVED: [&str; 9] = [
    "anon",
    "authenticated",
    "service_role",
    "authenticator",
    "postgres",
    "supabase_admin",
    "supabase_auth_admin",
    "supabase_storage_admin",
    "dashboard_user",
];

pub(super) fn check(all: &[Statement]) -> Vec<Broken> {
    let mut found = Vec::new();
    for s in all {
        found.extend(transaction(s));
        found.extend(role(s));
        found.extend(platform(s));
        found.extend(unqualified(s));
        found.extend(search_path(s));
    }
    found
}

fn transaction(s: &Statement) -> Option<Broken> {
    let first = s.words.first()?.as_str();
    let controls =
        matches!(first, "begin" | "commit" | "rollback" | "abort" | "end" | "savepoint" | "release")
            || s.begins(&["start", "transaction"]);
    controls.then(|| {
        Broken::new(
            s,
            "transaction-control",
            format!("`{first}` breaks the transaction that the file and its history row share"),
            "leave it out: each file is one transaction already",
        )
    })
}

fn role(s: &Statement) -> Option<Broken> {
    let verb = s.words.first()?.as_str();
    let kind = s.words.get(1)?.as_str();
    if !matches!(verb, "create" | "alter" | "drop") || !matches!(kind, "role" | "user" | "group") {
        return None;
    }
    let name = s.words.get(2)?;
    if verb != "create" && !RESERVED.contains(&name.as_str()) {
        return None;
    }
    Some(Broken::new(
        s,
        "platform-role",
        format!(
            "`{verb} {kind} {name}`: roles belong to the server; the platform's own are reserved on a hosted project"
        ),
        "use anon, authenticated and service_role as they are; what a plain server lacks is in supabase/plain",
    ))
}

/// Statements on `auth.*` and `storage.*` that need the tables' owner.
fn platform(s: &Statement) -> Option<Broken> {
    let words: Vec<&str> = s.words.iter().take(3).map(String::as_str).collect();
    let target = |word: &str| s.position(&[word]).and_then(|at| s.name_at(at + 1));
    let (name, allowed) = match words.as_slice() {
        ["insert", "into", _] => (target("into")?, "storage.buckets"),
        ["create" | "alter" | "drop", "policy", _] => (target("on")?, "storage.objects"),
        ["alter" | "drop" | "truncate", _, ..] => {
            let of_table = s.words[1] == "table";
            let named = s.words.iter().enumerate().skip(1).find_map(|(at, word)| {
                let schema = matches!(word.as_str(), "auth" | "storage")
                    && s.words.get(at + 1).is_some_and(|dot| dot == ".");
                // `alter table … set default auth.uid()` only calls it.
                let called = of_table && s.words.get(at + 3).is_some_and(|next| next == "(");
                (schema && !called).then(|| s.name_at(at)).flatten()
            });
            (named?, "")
        }
        ["create", "index" | "trigger", ..] | ["create", "unique", "index"] => (target("on")?, ""),
        ["create", "or", "replace"] if s.words.get(3).is_some_and(|word| word == "trigger") => {
            (target("on")?, "")
        }
        ["create", "table" | "view" | "function" | "type" | "sequence", _] => (s.name_at(2)?, ""),
        ["comment", "on", _] => (s.name_at(3)?, ""),
        ["delete", "from", _] => (target("from")?, ""),
        ["update", ..] => (s.name_at(1)?, ""),
        _ => return None,
    };
    let foreign = name.starts_with("auth.") || name.starts_with("storage.");
    if !foreign || name == allowed {
        return None;
    }
    Some(Broken::new(
        s,
        "platform-schema",
        format!(
            "{name} belongs to the platform: a hosted project refuses this (42501, must be owner), a plain server does not"
        ),
        "only three things may touch the platform's schemas: INSERT into storage.buckets, policies on storage.objects, and foreign keys to auth.users (id)",
    ))
}

/// The Supabase CLI resets the search path before each file, and an operator's own may differ.
fn unqualified(s: &Statement) -> Option<Broken> {
    let words: Vec<&str> = s.words.iter().take(4).map(String::as_str).collect();
    let (kind, at) = match words.as_slice() {
        ["create", "or", "replace", kind @ ("function" | "procedure" | "view")] => (*kind, 4),
        [
            "create" | "alter" | "drop",
            kind @ ("table" | "function" | "procedure" | "view" | "sequence" | "type" | "domain"),
            ..,
        ] => (*kind, 2),
        ["drop", "index", ..] => ("index", 2),
        ["create", "materialized", "view", ..] => ("view", 3),
        ["create", "index" | "trigger" | "policy", ..] | ["create", "unique", "index", ..] => {
            ("table", s.position(&["on"])? + 1)
        }
        ["insert", "into", ..] | ["delete", "from", ..] => ("table", 2),
        ["update", ..] => ("table", 1),
        _ => return None,
    };
    let mut at = at;
    while s
        .words
        .get(at)
        .is_some_and(|w| matches!(w.as_str(), "if" | "not" | "exists" | "only" | "concurrently"))
    {
        at += 1;
    }
    let name = s.name_at(at)?;
    (!name.contains('.')).then(|| {
        Broken::new(
            s,
            "unqualified-name",
            format!("the {kind} {name} is named without its schema, so it depends on who runs the file"),
            format!("write public.{name}, or the schema you mean"),
        )
    })
}

fn search_path(s: &Statement) -> Option<Broken> {
    let creates = s.begins(&["create", "function"])
        || s.begins(&["create", "or", "replace", "function"])
        || s.begins(&["create", "procedure"])
        || s.begins(&["create", "or", "replace", "procedure"]);
    (creates && !s.has(&["set", "search_path"])).then(|| {
        Broken::new(
            s,
            "function-search-path",
            "the function looks names up where its caller says, which whoever may make a schema can abuse",
            "add `set search_path = ''` and write names in full in its body",
        )
    })
}
