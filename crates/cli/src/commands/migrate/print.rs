//! Tables for people, JSON for programs.

use colophon_migrate::{Drift, Entry, Finding, Lock, Problem, Severity, Status, Step};
use serde_json::json;

use crate::output;

pub fn status(status: &[Status], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&status);
    }
    let rows = status.iter().map(|s| {
        let mut state = if s.applied { "applied" } else { "pending" }.to_owned();
        for (is, words) in [
            (s.edited, ", edited since"),
            (s.out_of_order, ", out of order"),
            (!s.reversible && s.name.is_some(), ", no way back"),
        ] {
            if is {
                state.push_str(words);
            }
        }
        let name = s.name.clone().unwrap_or_else(|| "(unknown to this program)".to_owned());
        [s.version.clone(), name, state, s.applied_at.map(output::time).unwrap_or_default()]
    });
    output::table(["VERSION", "NAME", "STATE", "APPLIED"], rows)
}

pub fn current(status: Option<Status>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&status);
    }
    match status {
        Some(s) => {
            output::line(&format!("{}_{}", s.version, s.name.unwrap_or_else(|| "(unknown)".to_owned())))
        }
        None => output::line("nothing is applied"),
    }
}

pub fn plan(steps: &[Step], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&steps);
    }
    if steps.is_empty() {
        return output::line("nothing is pending");
    }
    for step in steps {
        let how = if step.transactional { "one transaction" } else { "alone, outside a transaction" };
        output::line(&format!("{}_{}: {} statements, {how}", step.version, step.name, step.statements))?;
        if step.locks.is_empty() {
            output::line("  locks no table that exists")?;
        }
        for Lock { table, mode, blocks, bytes, rows, statement } in &step.locks {
            let rows = rows.map(|rows| format!(", about {rows} rows")).unwrap_or_default();
            let size = output::bytes(*bytes);
            output::line(&format!(
                "  locks {table} ({size}{rows}) {mode}, which keeps {blocks} waiting: {statement}"
            ))?;
        }
        for finding in &step.findings {
            output::line(&format!("  {}", words(finding)))?;
        }
    }
    Ok(())
}

pub fn history(entries: &[Entry], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&entries);
    }
    let rows = entries.iter().map(|e| {
        let took = e.duration_ms.map(|ms| format!("{ms} ms")).unwrap_or_default();
        let who = format!("{}@{}", e.who, e.host.as_deref().unwrap_or_default());
        let result = match &e.message {
            Some(message) => format!("{}: {}", e.result, output::excerpt(message, 80)),
            None => e.result.clone(),
        };
        let name = format!("{}_{}", e.version, e.name);
        [
            output::time(e.at),
            e.direction.clone(),
            name,
            result,
            took,
            who,
            output::optional(e.program.as_ref()),
        ]
    });
    output::table(["AT", "DEED", "MIGRATION", "RESULT", "TOOK", "WHO", "PROGRAM"], rows)
}

pub fn findings(findings: &[Finding], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&findings);
    }
    if findings.is_empty() {
        return output::line("nothing was found");
    }
    findings.iter().try_for_each(|finding| output::line(&words(finding)))
}

fn words(finding: &Finding) -> String {
    let Finding { file, line, rule, severity, message, safer } = finding;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{file}:{line}: {severity} {rule}: {message}\n    safer: {safer}")
}

pub fn problems(problems: &[Problem], drift: &[Drift], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(&json!({ "problems": problems, "drift": drift }));
    }
    if problems.is_empty() && drift.is_empty() {
        return output::line("everything is in order");
    }
    problems
        .iter()
        .try_for_each(|problem| output::line(&format!("{}: {}", problem.code, problem.message)))?;
    drift.iter().try_for_each(|drift| output::line(&format!("drift: {}", drift.message)))
}
