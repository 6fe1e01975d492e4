//! What was found, as a table for people and as JSON for programs.

use comfy_table::{Cell, Color, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;

use crate::output::{self, plain};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// It works, and is not as it should be.
    Warning,
    /// It does not work, or lets in who should stay outside.
    Failed,
    /// It could not be looked at.
    Skipped,
}

/// One check.
#[derive(Debug, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub status: Status,
    pub found: String,
    /// What to do, where something is to be done.
    pub remedy: Option<String>,
}

/// All checks, in the order in which they were made.
#[derive(Debug, Default)]
pub struct Report(Vec<Check>);

impl Report {
    pub fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.add(name, Status::Ok, found, None);
    }

    pub fn warn(&mut self, name: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        self.add(name, Status::Warning, found, Some(remedy.into()));
    }

    pub fn fail(&mut self, name: &'static str, found: impl Into<String>, remedy: impl Into<String>) {
        self.add(name, Status::Failed, found, Some(remedy.into()));
    }

    pub fn skip(&mut self, name: &'static str, reason: impl Into<String>) {
        self.add(name, Status::Skipped, reason, None);
    }

    fn add(&mut self, name: &'static str, status: Status, found: impl Into<String>, remedy: Option<String>) {
        self.0.push(Check { name, status, found: found.into(), remedy });
    }

    /// Whether some check has failed.
    pub fn has_failed(&self) -> bool {
        self.count(Status::Failed) > 0
    }

    fn count(&self, status: Status) -> usize {
        self.0.iter().filter(|check| check.status == status).count()
    }

    /// Prints it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn print(&self, as_json: bool) -> anyhow::Result<()> {
        if as_json {
            let numbered = |(index, check): (usize, &Check)| {
                json!({
                    "number": index + 1, "name": check.name, "status": check.status, "found": check.found,
                    "remedy": check.remedy,
                })
            };
            let checks: Vec<_> = self.0.iter().enumerate().map(numbered).collect();
            return output::json(&json!({ "healthy": !self.has_failed(), "checks": checks }));
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(["#", "CHECK", "STATUS", "FOUND"]);
        for (index, check) in self.0.iter().enumerate() {
            let found = match &check.remedy {
                Some(remedy) => format!("{}\n→ {remedy}", check.found),
                None => check.found.clone(),
            };
            // Coloured on terminals only.
            table.add_row([
                Cell::new(index + 1),
                Cell::new(check.name),
                status(check.status),
                Cell::new(plain(&found)),
            ]);
        }
        output::line(&table.trim_fmt())?;
        output::line(&format!(
            "\n{} ok, {} to be looked at, {} failed, {} skipped",
            self.count(Status::Ok),
            self.count(Status::Warning),
            self.count(Status::Failed),
            self.count(Status::Skipped),
        ))
    }
}

fn status(status: Status) -> Cell {
    match status {
        Status::Ok => Cell::new("ok").fg(Color::Green),
        Status::Warning => Cell::new("warning").fg(Color::Yellow),
        Status::Failed => Cell::new("failed").fg(Color::Red),
        Status::Skipped => Cell::new("skipped").fg(Color::DarkGrey),
    }
}
