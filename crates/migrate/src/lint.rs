//! What in a file is dangerous on a live database, or would fail where this one does not: each with its safer form.

mod citus;
mod grants;
mod supabase;

use squawk_linter::{Linter, Rule};
use squawk_syntax::SourceFile;

use crate::files::Migration;
use crate::split::{Statement, statements};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Better otherwise.
    Warning,
    /// It breaks something somewhere.
    Error,
}

/// Something to be done otherwise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// `migrations/…` or `rollbacks/…`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule, by which `-- lint-ignore: <rule> <reason>` in the file silences it.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The safer form.
    pub safer: String,
}

/// A rule of ours that was broken by a statement.
pub(crate) struct Broken {
    line: usize,
    rule: &'static str,
    message: String,
    safer: String,
}

impl Broken {
    fn new(
        statement: &Statement,
        rule: &'static str,
        message: impl Into<String>,
        safer: impl Into<String>,
    ) -> Self {
        Self { line: statement.line, rule, message: message.into(), safer: safer.into() }
    }
}

/// Rules that take something away which a program of the version before may still use.
const CONTRACT: [Rule; 14] = [
    Rule::BanDropColumn,
    Rule::BanDropTable,
    Rule::BanDropView,
    Rule::BanDropFunction,
    Rule::BanDropType,
    Rule::BanDropSchema,
    Rule::BanDropSequence,
    Rule::BanDropDomain,
    Rule::BanSetSchema,
    Rule::RenamingColumn,
    Rule::RenamingTable,
    Rule::RenamingObject,
    Rule::ChangingColumnType,
    Rule::AddingRequiredField,
];

/// Rules of taste, and rules that the runner keeps for everybody (timeouts) or makes needless (one transaction).
const NOT_OURS: [Rule; 10] = [
    Rule::PreferRobustStmts,
    Rule::RequireLockTimeout,
    Rule::RequireStatementTimeout,
    Rule::RequireTimeoutSettings,
    Rule::PreferBigintOverInt,
    Rule::PreferBigintOverSmallint,
    Rule::BanCharField,
    Rule::PreferTextField,
    Rule::TransactionNesting,
    Rule::BanUncommittedTransaction,
];

/// Every finding in these files.
pub fn lint(files: &[Migration]) -> Vec<Finding> {
    files.iter().flat_map(|m| lint_file(m, files)).collect()
}

/// Findings in one migration and its way back; `all` are the files it belongs to.
pub fn lint_file(m: &Migration, all: &[Migration]) -> Vec<Finding> {
    let up = statements(m.up);
    let mut found = Vec::new();
    let here = |folder: &str| format!("{folder}/{}.sql", m.stem());
    found.extend(squawk(m, all, &up).into_iter().map(|f| Finding { file: here("migrations"), ..f }));
    let ours = [supabase::check(&up), citus::check(&up), grants::check(m, &up, all)];
    found.extend(ours.into_iter().flatten().map(|broken| finding(here("migrations"), broken)));
    if let Some(down) = m.down {
        let back = supabase::check(&statements(down));
        found.extend(back.into_iter().map(|broken| finding(here("rollbacks"), broken)));
    }
    found.retain(|f| {
        let text = if f.file.starts_with("rollbacks") { m.down.unwrap_or_default() } else { m.up };
        !ignored(text, &f.rule)
    });
    found.sort_by(|a, b| (&a.file, a.line, &a.rule).cmp(&(&b.file, b.line, &b.rule)));
    found
}

fn finding(file: String, broken: Broken) -> Finding {
    let Broken { line, rule, message, safer } = broken;
    Finding { file, line, rule: rule.to_owned(), severity: Severity::Error, message, safer }
}

/// `-- lint-ignore: <rule> <reason>`; without a reason it does not count.
fn ignored(text: &str, rule: &str) -> bool {
    text.lines().filter_map(|line| line.trim().strip_prefix("-- lint-ignore:")).any(|line| {
        let mut words = line.split_whitespace();
        words.next() == Some(rule) && words.next().is_some()
    })
}

/// The version after `-- contract:`, where the file has such a line.
fn contract(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.trim().strip_prefix("-- contract:")).map(str::trim)
}

fn squawk(m: &Migration, all: &[Migration], up: &[Statement]) -> Vec<Finding> {
    let mut linter = Linter::with_rules(&[], &NOT_OURS);
    linter.settings.assume_in_transaction = up.iter().all(Statement::transactional);
    let violations = linter.lint(&SourceFile::parse(m.up), m.up);
    let expanded =
        contract(m.up).map(|version| all.iter().any(|o| o.version == version && o.version < m.version));
    let mut found = Vec::new();
    for violation in violations {
        let takes_away = CONTRACT.contains(&violation.code);
        if takes_away && expanded == Some(true) {
            continue;
        }
        let rule = violation.code.to_string();
        let start = usize::from(violation.text_range.start());
        let line = 1 + m.up.get(..start).unwrap_or_default().matches('\n').count();
        let mut message = violation.message.trim().to_owned();
        if takes_away && expanded == Some(false) {
            message.push_str(" The line `-- contract:` names no earlier migration.");
        }
        let safer = match (takes_away, violation.help) {
            (true, _) => "expand first (add the new, write both), let every program move over, and take the old away in a later migration that says `-- contract: <version of the first>`".to_owned(),
            (false, Some(help)) => help.trim().to_owned(),
            (false, None) => format!("see https://squawkhq.com/docs/{rule}"),
        };
        let severity = if rule.starts_with("prefer") { Severity::Warning } else { Severity::Error };
        found.push(Finding { file: String::new(), line, rule, severity, message, safer });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn see() {
        for f in lint(&crate::migrations()) {
            println!("{}:{} {} {} => {}", f.file, f.line, f.rule, f.message, f.safer);
        }
    }
}
