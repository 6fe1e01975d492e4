//! `colophon migrate …`.

mod print;
mod progress;

use std::process::ExitCode;

use anyhow::Context as _;
use colophon_migrate::{Drift, Migration, Migrator, Options, Problem, Severity};
use serde_json::json;

use crate::args::{Manners, Migrate, RepairStatus};
use crate::config::Config;
use crate::failure::REFUSED;
use crate::instance::migrator;
use crate::output;
use progress::Progress;

/// Does what needs a database.
pub async fn run(config: &Config, migrate: Migrate) -> anyhow::Result<ExitCode> {
    let files = files(&migrate)?;
    let (migrator, postgres) = migrator(config).await?;
    let migrator = migrator.with_files(files).with_options(options(&migrate));
    let outcome = with_database(&migrate, &migrator).await;
    drop(migrator);
    if let Some(postgres) = postgres {
        postgres.close().await?;
    }
    outcome
}

fn files(migrate: &Migrate) -> anyhow::Result<Vec<Migration>> {
    match (migrate.folder(), migrate) {
        (Some(_), Migrate::New { .. }) | (None, _) => Ok(colophon_migrate::migrations()),
        (Some(folder), _) => Ok(colophon_migrate::read_folder(folder)?),
    }
}

/// Does what needs files alone.
pub fn run_alone(migrate: &Migrate) -> anyhow::Result<ExitCode> {
    let files = files(migrate)?;
    let within = |from: &Option<String>, to: &Option<String>| -> Vec<Migration> {
        let after = |m: &&Migration| from.as_deref().is_none_or(|from| m.version > from);
        let until = |m: &&Migration| to.as_deref().is_none_or(|to| m.version <= to);
        files.iter().filter(after).filter(until).copied().collect()
    };
    match migrate {
        Migrate::New { name, migrations } => {
            for path in colophon_migrate::new(migrations, name)? {
                output::line(&path.display().to_string())?;
            }
        }
        Migrate::Sql { plain: true, .. } => output::line(colophon_migrate::prepare_script().trim_end())?,
        Migrate::Sql { from, to, down, .. } => {
            let script = colophon_migrate::script(&within(from, to), *down)?;
            output::line(script.trim_end())?;
        }
        Migrate::Lint { from, json, .. } => {
            let chosen = within(from, &None);
            let findings: Vec<_> =
                chosen.iter().flat_map(|m| colophon_migrate::lint_file(m, &files)).collect();
            print::findings(&findings, *json)?;
            if findings.iter().any(|finding| finding.severity == Severity::Error) {
                return Ok(ExitCode::FAILURE);
            }
        }
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn with_database(migrate: &Migrate, migrator: &Migrator) -> anyhow::Result<ExitCode> {
    match migrate {
        Migrate::Status { show, check, .. } => {
            let status = migrator.status().await?;
            print::status(&status, show.json)?;
            let in_order = status.iter().all(|s| s.applied && !s.edited && s.name.is_some());
            if *check && !in_order {
                return Ok(ExitCode::from(REFUSED));
            }
        }
        Migrate::Current { show, .. } => print::current(migrator.current().await?, show.json)?,
        Migrate::Plan { show, .. } => print::plan(&migrator.plan().await?, show.json)?,
        Migrate::History { show } => print::history(&migrator.history().await?, show.json)?,
        Migrate::Up { to, manners, .. } => {
            let mut progress = Progress::new(manners.json);
            migrator.up_to(to.as_deref(), &mut |event| progress.tell(event)).await?;
            progress.end("nothing is pending")?;
        }
        Migrate::Down { to, manners, .. } => {
            let mut progress = Progress::new(manners.json);
            migrator.down_to(to.as_deref(), &mut |event| progress.tell(event)).await?;
            progress.end("nothing to undo")?;
        }
        Migrate::Redo { manners, .. } => {
            let mut progress = Progress::new(manners.json);
            migrator.redo(&mut |event| progress.tell(event)).await?;
            progress.end("nothing is applied")?;
        }
        Migrate::Baseline { show, version, .. } => {
            let count = migrator.baseline(version).await?;
            said(count, "said to be applied; nothing was run", show.json)?;
        }
        Migrate::Repair { show, status, versions, .. } => {
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            let applied = *status == RepairStatus::Applied;
            let count = migrator.repair(&versions, applied).await?;
            let what = if applied { "said to be applied" } else { "said to be reverted" };
            said(count, &format!("{what}; nothing was run"), show.json)?;
        }
        Migrate::Validate { show, no_scratch, .. } => {
            let mut problems = migrator.validate().await?;
            let mut drift = Vec::new();
            if !no_scratch {
                problems.extend(migrator.rehearse(fill(migrate)?.as_deref()).await?);
                // What was edited or is gone cannot be replayed as it was applied.
                if problems.is_empty() {
                    drift = migrator.drift().await?;
                }
            }
            print::problems(&problems, &drift, show.json)?;
            return Ok(verdict(&problems, &drift));
        }
        Migrate::Drift { show, .. } => {
            let drift = migrator.drift().await?;
            print::problems(&[], &drift, show.json)?;
            return Ok(verdict(&[], &drift));
        }
        Migrate::Sql { .. } | Migrate::New { .. } | Migrate::Lint { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// 4 where the database's state is what is wrong, 1 where the files are.
fn verdict(problems: &[Problem], drift: &[Drift]) -> ExitCode {
    let of_state = |p: &Problem| matches!(p.code, "edited" | "missing-file" | "out-of-order");
    match (
        problems.iter().any(of_state) || !drift.is_empty(),
        problems.iter().any(|p| p.code != "unverified"),
    ) {
        (true, _) => ExitCode::from(REFUSED),
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::SUCCESS,
    }
}

fn fill(migrate: &Migrate) -> anyhow::Result<Option<String>> {
    let Migrate::Validate { fill, files, .. } = migrate else { return Ok(None) };
    let seed = files.migrations.as_ref().map(|folder| folder.join("seed.sql")).filter(|seed| seed.exists());
    let Some(path) = fill.clone().or(seed) else { return Ok(None) };
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(text))
}

fn said(count: usize, what: &str, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        output::json(&json!({ "versions": count }))
    } else {
        output::line(&format!("{count} {what}"))
    }
}

fn options(migrate: &Migrate) -> Options {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let options = Options { host, ..Options::default() };
    let with = |manners: &Manners, include_all: bool| Options {
        lock_wait: manners.wait,
        lock_timeout: manners.lock_timeout,
        attempts: manners.attempts,
        statement_timeout: manners.statement_timeout,
        include_all,
        ..options.clone()
    };
    match migrate {
        Migrate::Up { manners, include_all, .. } => with(manners, *include_all),
        Migrate::Down { manners, .. } | Migrate::Redo { manners, .. } => with(manners, false),
        _ => options,
    }
}
