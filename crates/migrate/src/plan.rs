//! What `up` would do: which tables each pending file locks, how hard, and how big they are.

use crate::Error;
use crate::error::reading;
use crate::history;
use crate::lint::{Finding, lint_file};
use crate::runner::Migrator;
use crate::split::{Statement, statements};

/// A pending migration.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Step {
    /// 14 digits.
    pub version: String,
    /// The rest of the file's name.
    pub name: String,
    /// Does it run in one transaction?
    pub transactional: bool,
    /// How many statements.
    pub statements: usize,
    /// Existing tables that it locks.
    pub locks: Vec<Lock>,
    /// What the lint says.
    pub findings: Vec<Finding>,
}

/// A lock on a table that exists.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lock {
    /// The table.
    pub table: String,
    /// As PostgreSQL names it: `ACCESS EXCLUSIVE`, …
    pub mode: &'static str,
    /// Whom it keeps waiting.
    pub blocks: &'static str,
    /// The table with its indexes.
    pub bytes: i64,
    /// Rows, as the last ANALYZE estimated them; absent where there was none.
    pub rows: Option<i64>,
    /// The statement, in a few words.
    pub statement: String,
}

impl Migrator {
    /// What is pending, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn plan(&self) -> Result<Vec<Step>, Error> {
        let applied = history::rows(&self.client, false).await?;
        let mut steps = Vec::new();
        for m in self.files.iter().filter(|m| !applied.iter().any(|row| row.version == m.version)) {
            let all = statements(m.up);
            let mut locks: Vec<Lock> = Vec::new();
            for (statement, (table, strength)) in
                all.iter().flat_map(|s| locks_of(s).into_iter().map(move |lock| (s, lock)))
            {
                if let Some(known) = locks.iter_mut().find(|lock| lock.table == table) {
                    if strength.rank() > rank(known.mode) {
                        (known.mode, known.blocks) = (strength.mode(), strength.blocks());
                        known.statement = statement.summary();
                    }
                    continue;
                }
                let Some((bytes, rows)) = self.size(&table).await? else { continue };
                let (mode, blocks) = (strength.mode(), strength.blocks());
                locks.push(Lock { table, mode, blocks, bytes, rows, statement: statement.summary() });
            }
            steps.push(Step {
                version: m.version.to_owned(),
                name: m.name.to_owned(),
                transactional: all.iter().all(Statement::transactional),
                statements: all.len(),
                locks,
                findings: lint_file(m, &self.files),
            });
        }
        Ok(steps)
    }

    /// Size and rows of a table, if it is there.
    async fn size(&self, table: &str) -> Result<Option<(i64, Option<i64>)>, Error> {
        let sql = "select pg_total_relation_size(oid), nullif(reltuples::bigint, -1) from pg_class
            where oid = to_regclass($1) and relkind in ('r', 'p', 'm')";
        // A name that is none (the lint says so) names no table.
        let row = self.client.query_opt(sql, &[&table]).await;
        match row {
            Ok(row) => Ok(row.map(|row| (row.get(0), row.get(1)))),
            Err(error) if error.as_db_error().is_some() => Ok(None),
            Err(error) => Err(reading(error)),
        }
    }
}

/// How hard a table is locked, from weak to strong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strength {
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

const ALL: [Strength; 6] = [
    Strength::RowExclusive,
    Strength::ShareUpdateExclusive,
    Strength::Share,
    Strength::ShareRowExclusive,
    Strength::Exclusive,
    Strength::AccessExclusive,
];

impl Strength {
    fn rank(self) -> usize {
        ALL.iter().position(|other| *other == self).unwrap_or(0)
    }

    pub(crate) fn mode(self) -> &'static str {
        match self {
            Self::RowExclusive => "ROW EXCLUSIVE",
            Self::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Self::Share => "SHARE",
            Self::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Self::Exclusive => "EXCLUSIVE",
            Self::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }

    fn blocks(self) -> &'static str {
        match self {
            Self::RowExclusive | Self::ShareUpdateExclusive => "nobody who reads or writes",
            Self::Share | Self::ShareRowExclusive | Self::Exclusive => "everybody who writes",
            Self::AccessExclusive => "everybody",
        }
    }
}

fn rank(mode: &str) -> usize {
    ALL.iter().position(|strength| strength.mode() == mode).unwrap_or(0)
}

/// The tables that a statement locks (PostgreSQL's documentation, "Explicit Locking" and each command's page).
pub(crate) fn locks_of(statement: &Statement) -> Vec<(String, Strength)> {
    use Strength::{
        AccessExclusive, Exclusive, RowExclusive, Share, ShareRowExclusive, ShareUpdateExclusive,
    };
    let s = statement;
    let after = |words: &[&str]| s.position(words).and_then(|at| name_after(s, at + words.len()));
    let one =
        |name: Option<String>, strength| name.map(|name| (name, strength)).into_iter().collect::<Vec<_>>();
    let kind: Vec<&str> = s.words.iter().take(3).map(String::as_str).collect();
    let mut locks = match kind.as_slice() {
        ["create", "index", ..] | ["create", "unique", "index"] => {
            let strength = if s.has(&["concurrently"]) { ShareUpdateExclusive } else { Share };
            one(after(&["on"]), strength)
        }
        ["alter", "table", ..] => one(after(&["table"]), alter_strength(s)),
        ["drop", "table", ..] | ["truncate", ..] => {
            one(after(&["table"]).or_else(|| name_after(s, 1)), AccessExclusive)
        }
        ["create", "trigger", ..] | ["create", "or", "replace"] | ["create", "constraint", "trigger"]
            if s.has(&["trigger"]) && !s.has(&["function"]) || s.begins(&["create", "trigger"]) =>
        {
            one(after(&["on"]), ShareRowExclusive)
        }
        ["drop", "trigger", ..] | ["create" | "alter" | "drop", "policy", ..] => {
            one(after(&["on"]), AccessExclusive)
        }
        ["refresh", "materialized", "view"] => {
            one(after(&["view"]), if s.has(&["concurrently"]) { Exclusive } else { AccessExclusive })
        }
        ["vacuum", "full", ..] | ["cluster", ..] => one(name_after(s, kind.len() - 1), AccessExclusive),
        ["vacuum" | "analyze", ..] => one(name_after(s, 1), ShareUpdateExclusive),
        ["reindex", "table", ..] => {
            one(after(&["table"]), if s.has(&["concurrently"]) { ShareUpdateExclusive } else { Share })
        }
        ["insert", "into", ..] => one(after(&["into"]), RowExclusive),
        ["update", ..] => one(name_after(s, 1), RowExclusive),
        ["delete", "from", ..] => one(after(&["from"]), RowExclusive),
        _ => Vec::new(),
    };
    // A foreign key locks the table that it refers to as well.
    let makes = s.begins(&["create", "table"]) || s.begins(&["alter", "table"]);
    for at in (0..s.words.len()).filter(|at| makes && s.words[*at] == "references") {
        if let Some(table) = s.name_at(at + 1)
            && !locks.iter().any(|(other, _)| *other == table)
        {
            locks.push((table, ShareRowExclusive));
        }
    }
    locks
}

/// What a table is asked for by its strongest part.
fn alter_strength(s: &Statement) -> Strength {
    let weak = [
        &["validate", "constraint"][..],
        &["set", "statistics"],
        &["attach", "partition"],
        &["detach", "partition"],
    ];
    if weak.iter().any(|words| s.has(words)) && (!s.has(&["detach"]) || s.has(&["concurrently"])) {
        return Strength::ShareUpdateExclusive;
    }
    let foreign_key = s.has(&["foreign", "key"]) && !s.has(&["add", "column"]) && !s.has(&["drop"]);
    let trigger = s.has(&["enable", "trigger"]) || s.has(&["disable", "trigger"]);
    if foreign_key || trigger { Strength::ShareRowExclusive } else { Strength::AccessExclusive }
}

/// The name behind optional words.
fn name_after(s: &Statement, mut at: usize) -> Option<String> {
    while s.words.get(at).is_some_and(|word| {
        matches!(word.as_str(), "if" | "not" | "exists" | "only" | "concurrently" | "table")
    }) {
        at += 1;
    }
    s.name_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_of_each_kind_of_statement_is_known() {
        for (sql, expected) in [
            ("create index i on public.zones (a)", "public.zones SHARE"),
            (
                "create index concurrently if not exists i on public.zones (a)",
                "public.zones SHARE UPDATE EXCLUSIVE",
            ),
            ("alter table only public.zones add column a text", "public.zones ACCESS EXCLUSIVE"),
            ("alter table public.zones validate constraint c", "public.zones SHARE UPDATE EXCLUSIVE"),
            (
                "alter table public.zones add constraint f foreign key (d) references public.documents (id) not valid",
                "public.zones SHARE ROW EXCLUSIVE, public.documents SHARE ROW EXCLUSIVE",
            ),
            (
                "create table public.a (d uuid references public.documents (id))",
                "public.documents SHARE ROW EXCLUSIVE",
            ),
            (
                "create trigger t after insert on public.zones for each row execute function a.b()",
                "public.zones SHARE ROW EXCLUSIVE",
            ),
            ("drop table if exists public.zones", "public.zones ACCESS EXCLUSIVE"),
            ("update public.zones set a = 1", "public.zones ROW EXCLUSIVE"),
            ("create policy p on public.zones for select using (true)", "public.zones ACCESS EXCLUSIVE"),
            ("create function a.b() returns int language sql as 'select 1'", ""),
        ] {
            let found: Vec<String> = locks_of(&statements(sql)[0])
                .into_iter()
                .map(|(table, strength)| format!("{table} {}", strength.mode()))
                .collect();
            assert_eq!(found.join(", "), expected, "{sql}");
        }
    }
}
